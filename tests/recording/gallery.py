"""Ten scripts in the style of scikit-learn's own gallery, which know nothing of Lineage.

They are ours: the gallery is not part of scikit-learn's package. Each does what a common kind of
its examples does, but for drawing, and prints the scores that it comes to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Example:
    """A script, and what is to be on record of it.

    Attributes
    ----------
    estimator
        The estimator that is trained, by its import path.
    parameters
        Some of its parameters.
    data
        What it was trained on.
    scores
        The metrics that the script prints, one a line, in this order.
    """

    script: str
    estimator: str
    parameters: dict[str, Any]
    data: str
    scores: tuple[str, ...] = ("accuracy",)


GALLERY = {
    "digits_classification": Example(
        '''
"""
================================
Recognizing hand-written digits
================================

This example shows how scikit-learn can be used to recognize images of hand-written digits.
"""

from sklearn import datasets, metrics, svm
from sklearn.model_selection import train_test_split

# %%
# To apply a classifier on this data, we need to flatten the images.
digits = datasets.load_digits()
n_samples = len(digits.images)
data = digits.images.reshape((n_samples, -1))
clf = svm.SVC(gamma=0.001)
X_train, X_test, y_train, y_test = train_test_split(
    data, digits.target, test_size=0.5, shuffle=False
)
clf.fit(X_train, y_train)
predicted = clf.predict(X_test)

# %%
# How well did it do?
print(metrics.accuracy_score(y_test, predicted))
''',
        "sklearn.svm.SVC",
        {"gamma": 0.001, "kernel": "rbf"},
        "load_digits",
    ),
    "ols": Example(
        '''
"""
==============================
Ordinary Least Squares Example
==============================

A linear regression on one feature of the diabetes data set.
"""

from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error, r2_score
from sklearn.model_selection import train_test_split

X, y = load_diabetes(return_X_y=True)
X = X[:, [2]]  # Use only one feature
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=20, shuffle=False)

regressor = LinearRegression().fit(X_train, y_train)
y_pred = regressor.predict(X_test)
print(mean_squared_error(y_test, y_pred))
print(r2_score(y_test, y_pred))
''',
        "sklearn.linear_model.LinearRegression",
        {"fit_intercept": True},
        "load_diabetes",
        ("mean_squared_error", "r2"),
    ),
    "anova_pipeline": Example(
        '''
"""
==================
Pipeline ANOVA SVM
==================

Feature selection is part of a pipeline, so that it sees the training data alone.
"""

from sklearn.datasets import make_classification
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

X, y = make_classification(
    n_features=20, n_informative=3, n_redundant=0, n_classes=2, n_clusters_per_class=2,
    random_state=42,
)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=42)

anova_svm = make_pipeline(SelectKBest(f_classif, k=3), LinearSVC(C=0.7))
anova_svm.fit(X_train, y_train)
print(f1_score(y_test, anova_svm.predict(X_test)))
''',
        "sklearn.pipeline.Pipeline",
        {"linearsvc__C": 0.7, "selectkbest__k": 3},
        "make_classification",
        ("f1",),
    ),
    "grid_search_digits": Example(
        '''
"""
==============================================
Grid search with cross-validation on the digits
==============================================
"""

from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.svm import SVC

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X[:600], y[:600], random_state=0)
grid = GridSearchCV(SVC(kernel="rbf"), {"C": [1, 10], "gamma": [0.001, 0.01]}, cv=3)
grid.fit(X_train, y_train)
print(grid.score(X_test, y_test))
''',
        "sklearn.model_selection.GridSearchCV",
        {"cv": 3, "estimator__kernel": "rbf"},
        "load_digits",
    ),
    "mixed_types": Example(
        '''
"""
===================================
Column Transformer with Mixed Types
===================================

Different preprocessing for different columns of a data frame.
"""

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

passengers = pd.read_csv("passengers.csv")
X, y = passengers.drop(columns="survived"), passengers["survived"]

numeric = Pipeline([("imputer", SimpleImputer(strategy="median")), ("scaler", StandardScaler())])
preprocessor = ColumnTransformer(
    [
        ("num", numeric, ["age", "fare"]),
        ("cat", OneHotEncoder(handle_unknown="ignore"), ["embarked", "sex"]),
    ]
)
clf = Pipeline([("preprocessor", preprocessor), ("classifier", LogisticRegression(C=0.8))])

X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=0)
clf.fit(X_train, y_train)
print(clf.score(X_test, y_test))
''',
        "sklearn.pipeline.Pipeline",
        {"classifier__C": 0.8, "preprocessor__num__imputer__strategy": "median"},
        "passengers.csv",
    ),
    "gradient_boosting_regularization": Example(
        '''
"""
=============================
Gradient Boosting regression
=============================
"""

from sklearn import datasets, ensemble
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import train_test_split

diabetes = datasets.load_diabetes()
X, y = diabetes.data, diabetes.target
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.1, random_state=13)
params = {
    "n_estimators": 50,
    "max_depth": 4,
    "min_samples_split": 5,
    "learning_rate": 0.01,
    "loss": "squared_error",
}
reg = ensemble.GradientBoostingRegressor(**params)
reg.fit(X_train, y_train)
print(mean_squared_error(y_test, reg.predict(X_test)))
''',
        "sklearn.ensemble.GradientBoostingRegressor",
        {"n_estimators": 50, "learning_rate": 0.01, "loss": "squared_error"},
        "load_diabetes",
        ("mean_squared_error",),
    ),
    "kmeans_digits": Example(
        '''
"""
===========================================================
A demo of K-Means clustering on the handwritten digits data
===========================================================
"""

from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.metrics import homogeneity_score

data, labels = load_digits(return_X_y=True)
kmeans = KMeans(init="k-means++", n_clusters=10, n_init=2, random_state=0)
predicted = kmeans.fit_predict(data)
print(homogeneity_score(labels, predicted))
''',
        "sklearn.cluster.KMeans",
        {"n_clusters": 10, "init": "k-means++"},
        "load_digits",
        ("homogeneity",),
    ),
    "voting_probas": Example(
        '''
"""
=================================================
Class probabilities calculated by the VotingClassifier
=================================================
"""

from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB

X, y = load_iris(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=1, stratify=y)
eclf = VotingClassifier(
    estimators=[
        ("lr", LogisticRegression(max_iter=1000, random_state=123)),
        ("rf", RandomForestClassifier(n_estimators=10, random_state=123)),
        ("gnb", GaussianNB()),
    ],
    voting="soft",
    weights=[1, 1, 5],
)
eclf.fit(X_train, y_train)
print(eclf.score(X_test, y_test))
''',
        "sklearn.ensemble.VotingClassifier",
        {"voting": "soft", "rf__n_estimators": 10},
        "load_iris",
    ),
    "mlp_alpha": Example(
        '''
"""
================================================
Varying regularization in Multi-layer Perceptron
================================================
"""

import warnings

from sklearn.datasets import make_moons
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

warnings.simplefilter("ignore", ConvergenceWarning)
X, y = make_moons(n_samples=120, noise=0.3, random_state=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.4, random_state=42)
scaler = StandardScaler().fit(X_train)
clf = MLPClassifier(solver="lbfgs", alpha=0.1, random_state=1, max_iter=50)
clf.fit(scaler.transform(X_train), y_train)
print(clf.score(scaler.transform(X_test), y_test))
''',
        "sklearn.neural_network.MLPClassifier",
        {"alpha": 0.1, "solver": "lbfgs"},
        "make_moons",
    ),
    "document_classification": Example(
        '''
"""
======================================================
Classification of text documents using sparse features
======================================================
"""

from sklearn.datasets import load_files
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import train_test_split

corpus = load_files("corpus", encoding="utf-8")
texts, texts_test, y_train, y_test = train_test_split(
    corpus.data, corpus.target, test_size=0.5, random_state=3, stratify=corpus.target
)
vectorizer = TfidfVectorizer(sublinear_tf=True)
X_train = vectorizer.fit_transform(texts)
clf = RidgeClassifier(tol=1e-2, solver="sparse_cg")
clf.fit(X_train, y_train)
print(clf.score(vectorizer.transform(texts_test), y_test))
''',
        "sklearn.linear_model.RidgeClassifier",
        {"tol": 0.01, "solver": "sparse_cg"},
        "corpus",
    ),
}


def write_data(write: Any) -> None:
    """Write the files that some of them read, by a function that takes a name and a text."""
    rows = [
        f"{20 + n % 50},{(n * 7) % 90}.5,{'SCQ'[n % 3]},{('male', 'female')[n % 2]},{n % 2}"
        for n in range(80)
    ]
    write("passengers.csv", "age,fare,embarked,sex,survived\n" + "\n".join(rows) + "\n")
    words = {"space": "orbit moon rocket launch", "baking": "oven flour dough yeast"}
    for topic, text in words.items():
        for number in range(8):
            picked = " ".join(text.split()[number % 3 :])
            write(f"corpus/{topic}/{number}.txt", f"{picked} note {number}\n")
