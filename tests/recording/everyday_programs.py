"""Small programs as people write them, each with what it reads and makes, as its author knows it.

Each begins in a folder with these files: `a.csv`, `b.csv`, `t.json`, `t.jsonl`, `text.txt`, `t.parquet`,
`t.arrow`, `x.npy`, `x.npz`, `m.joblib`, `m.pkl`, `t.db` (SQLite), `t.zip`, `t.tar.gz`, `t.h5`,
`t.safetensors`, `t.gz`, `part/1.csv`, `part/2.csv`.
"""

# ruff: noqa: E501
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Program:
    """A program, the files that it reads, and those that it leaves."""

    text: str
    inputs: frozenset[str]
    outputs: frozenset[str]
    # What audit hooks must say that they could not see.
    unseen: str | None = None


def program(text: str, reads: str = "", makes: str = "", *, unseen: str | None = None) -> Program:
    return Program(text, frozenset(reads.split()), frozenset(makes.split()), unseen)


SETUP = """
import csv, gzip, json, pickle, sqlite3, tarfile, zipfile
import h5py, joblib, numpy, pandas, pyarrow, pyarrow.feather
from safetensors.numpy import save_file

frame = pandas.DataFrame({"k": range(20), "v": [x / 2 for x in range(20)]})
frame.to_csv("a.csv", index=False)
frame.to_csv("b.csv", index=False)
frame.to_json("t.json")
frame.to_json("t.jsonl", orient="records", lines=True)
frame.to_parquet("t.parquet")
pyarrow.feather.write_feather(pyarrow.table({"k": [1, 2]}), "t.arrow")
open("text.txt", "w").write("text")
numpy.save("x.npy", numpy.arange(10))
numpy.savez("x.npz", a=numpy.arange(10))
joblib.dump({"a": 1}, "m.joblib")
pickle.dump({"a": 1}, open("m.pkl", "wb"))
with sqlite3.connect("t.db") as database:
    frame.to_sql("t", database)
with zipfile.ZipFile("t.zip", "w") as archive:
    archive.write("text.txt")
with tarfile.open("t.tar.gz", "w:gz") as archive:
    archive.add("text.txt")
with gzip.open("t.gz", "wt") as file:
    file.write("text")
with h5py.File("t.h5", "w") as file:
    file["x"] = [1, 2]
save_file({"w": numpy.zeros(3)}, "t.safetensors")
import os
os.mkdir("part")
frame.to_csv("part/1.csv", index=False)
frame.to_csv("part/2.csv", index=False)
"""

PROGRAMS = {
    "csv module": program(
        "import csv; rows = list(csv.reader(open('a.csv', newline='')))\n"
        "csv.writer(open('out.csv', 'w', newline='')).writerows(rows)",
        "a.csv", "out.csv",
    ),
    "json and pathlib": program(
        "import json; from pathlib import Path\n"
        "Path('out.json').write_text(json.dumps(json.loads(Path('t.json').read_text())))",
        "t.json", "out.json",
    ),
    "pickle": program(
        "import pickle; m = pickle.load(open('m.pkl', 'rb')); pickle.dump(m, open('o.pkl', 'wb'))",
        "m.pkl", "o.pkl",
    ),
    "joblib": program(
        "import joblib; joblib.dump(joblib.load('m.joblib'), 'o.joblib', compress=3)",
        "m.joblib", "o.joblib",
    ),
    "gzip and bz2": program(
        "import bz2, gzip; bz2.open('o.bz2', 'wb').write(gzip.open('t.gz').read())",
        "t.gz", "o.bz2",
    ),
    "zipfile": program(
        "import zipfile\n"
        "zipfile.ZipFile('t.zip').extractall('unzipped')\n"
        "with zipfile.ZipFile('o.zip', 'w') as z: z.write('a.csv')",
        "t.zip a.csv", "unzipped/text.txt o.zip",
    ),
    "tarfile": program(
        "import tarfile; tarfile.open('t.tar.gz').extractall('untarred')",
        "t.tar.gz", "untarred/text.txt",
    ),
    "shutil copies and moves": program(
        "import shutil; shutil.copy2('a.csv', 'c.csv'); shutil.copytree('part', 'copy')\n"
        "shutil.move('b.csv', 'moved.csv')",
        "a.csv b.csv part/1.csv part/2.csv", "c.csv moved.csv copy/1.csv copy/2.csv",
    ),
    "a part that is renamed into place": program(
        "import os, tempfile\n"
        "handle, name = tempfile.mkstemp(dir='.')\n"
        "os.write(handle, open('text.txt', 'rb').read()); os.close(handle)\n"
        "os.replace(name, 'out.txt')",
        "text.txt", "out.txt",
    ),
    "a folder that is renamed into place": program(
        "import os; os.mkdir('tmp'); open('tmp/1.csv', 'w').write(open('a.csv').read())\n"
        "open('tmp/2.csv', 'w').close(); os.rename('tmp', 'final')",
        "a.csv", "final/1.csv final/2.csv",
    ),
    "what is made and removed": program(
        "import os; open('scratch', 'w').write(open('a.csv').read()); open('scratch').read()\n"
        "os.remove('scratch')",
        "a.csv", "",
    ),
    "what is made, read again and kept": program(
        "open('mid.csv', 'w').write(open('a.csv').read()); open('mid.csv').read()\n"
        "open('out.csv', 'w').write('x')",
        "a.csv", "mid.csv out.csv",
    ),
    "appended to, and changed in place": program(
        "open('a.csv', 'a').write('1,2'); f = open('text.txt', 'r+'); f.read(); f.write('more')",
        "a.csv text.txt", "a.csv text.txt",
    ),
    "looked for before it is made": program(
        "try:\n    open('cache.json').read()\nexcept FileNotFoundError:\n"
        "    open('cache.json', 'w').write(open('t.json').read())",
        "t.json", "cache.json",
    ),
    "a chain of folders, and links": program(
        "import os; os.symlink('a.csv', 'link.csv'); os.link('b.csv', 'hard.csv')\n"
        "os.chdir('part'); open('1.csv').read(); os.chdir('..'); open('./part/../link.csv').read()",
        "b.csv link.csv part/1.csv", "hard.csv",
    ),
    "mmap": program(
        "import mmap; f = open('text.txt', 'r+b'); m = mmap.mmap(f.fileno(), 0); print(m[:])\n"
        "g = open('mapped.bin', 'wb+'); g.truncate(10); n = mmap.mmap(g.fileno(), 10); n[:] = b'x' * 10",
        "text.txt", "mapped.bin",
    ),
    "sqlite3 reads": program(
        "import sqlite3; print(sqlite3.connect('t.db').execute('select count(*) from t').fetchone())",
        "t.db", "",
    ),
    "sqlite3 writes": program(
        "import sqlite3\n"
        "with sqlite3.connect('t.db') as d: d.execute('create table u (x)')\n"
        "with sqlite3.connect('fresh.db') as d: d.execute('create table u (x)')",
        "t.db", "t.db fresh.db",
    ),
    "numpy": program(
        "import numpy; x = numpy.load('x.npy'); numpy.savez_compressed('o.npz', x=x)\n"
        "numpy.load('x.npz')['a'].tofile('o.bin'); numpy.fromfile('o.bin'); numpy.savetxt('o.txt', x)",
        "x.npy x.npz", "o.npz o.bin o.txt",
    ),
    "numpy.memmap": program(
        "import numpy; m = numpy.memmap('o.dat', dtype='f4', mode='w+', shape=(10,)); m[:] = 1\n"
        "m.flush(); print(numpy.load('x.npy', mmap_mode='r').sum())",
        "x.npy", "o.dat",
    ),
    "pandas": program(
        "import pandas; f = pandas.read_csv('a.csv').merge(pandas.read_parquet('t.parquet'), on='k')\n"
        "f.to_parquet('o.parquet'); f.to_csv('o.csv.gz'); f.to_pickle('o.pkl'); "
        "pandas.read_json('t.jsonl', lines=True)",
        "a.csv t.parquet t.jsonl", "o.parquet o.csv.gz o.pkl",
    ),
    "pyarrow": program(
        "import pyarrow.parquet as pq, pyarrow.csv as pc, pyarrow.feather as pf, pyarrow as pa\n"
        "pq.write_table(pq.read_table('t.parquet'), 'o.parquet'); pc.write_csv(pc.read_csv('a.csv'), "
        "'o.csv'); pf.write_feather(pf.read_table('t.arrow'), 'o.arrow')\n"
        "with pa.OSFile('o.bin', 'wb') as f: f.write(b'x')\n"
        "pa.memory_map('text.txt').read()",
        "t.parquet a.csv t.arrow text.txt", "o.parquet o.csv o.arrow o.bin",
    ),
    "pyarrow.dataset": program(
        "import pyarrow.dataset as ds; d = ds.dataset('part', format='csv')\n"
        "ds.write_dataset(d, 'ds', format='parquet')",
        "part/1.csv part/2.csv", "ds/part-0.parquet",
    ),
    "polars": program(
        "import polars as pl; f = pl.read_csv('a.csv'); f.write_parquet('o.parquet')\n"
        "pl.scan_csv('part/*.csv').sink_parquet('s.parquet'); f.write_csv('o.csv')\n"
        "pl.read_ndjson('t.jsonl'); pl.scan_parquet('t.parquet').collect().write_ipc('o.arrow')",
        "a.csv part/1.csv part/2.csv t.jsonl t.parquet", "o.parquet s.parquet o.csv o.arrow",
    ),
    "duckdb": program(
        "import duckdb; duckdb.sql(\"copy (select * from 'a.csv') to 'o.parquet' (format parquet)\")\n"
        "print(duckdb.read_parquet('t.parquet').fetchall())\n"
        "with duckdb.connect('d.duckdb') as c: c.execute(\"create table t as from read_csv('part/*.csv')\")",
        "a.csv t.parquet part/1.csv part/2.csv", "o.parquet d.duckdb",
    ),
    "h5py": program(
        "import h5py\n"
        "with h5py.File('t.h5') as f, h5py.File('o.h5', 'w') as g: g['y'] = f['x'][:]",
        "t.h5", "o.h5",
    ),
    "safetensors": program(
        "from safetensors.numpy import load_file, save_file; from safetensors import safe_open\n"
        "save_file(load_file('t.safetensors'), 'o.safetensors')\n"
        "with safe_open('o.safetensors', framework='np') as f: print(f.keys())",
        "t.safetensors", "o.safetensors",
    ),
    "subprocess of another program": program(
        "import subprocess; subprocess.run('sort a.csv > sorted.csv', shell=True, check=True)\n"
        "subprocess.run(['cp', 'b.csv', 'c.csv'], check=True)",
        "a.csv b.csv", "sorted.csv c.csv", unseen="cp b.csv c.csv",
    ),
    "subprocess of Python": program(
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', \"open('o.csv','w').write(open('a.csv').read())\"])",
        "a.csv", "o.csv",
    ),
    "an interpreter without site": program(
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-I', '-c', \"open('o.csv','w').write(open('a.csv').read())\"])",
        "a.csv", "o.csv", unseen="kept no log",
    ),
    "multiprocessing": program(
        "import multiprocessing as mp\n"
        "def work(n): open(f'o{n}.csv', 'w').write(open(f'part/{n}.csv').read())\n"
        "if __name__ == '__main__':\n"
        "    for how in ('fork', 'spawn'):\n"
        "        with mp.get_context(how).Pool(2) as pool: pool.map(work, [1, 2])",
        "part/1.csv part/2.csv", "o1.csv o2.csv",
    ),
    "threads": program(
        "from concurrent.futures import ThreadPoolExecutor\n"
        "def work(n): open(f'o{n}', 'w').write(open('a.csv').read())\n"
        "with ThreadPoolExecutor(8) as pool: list(pool.map(work, range(20)))",
        "a.csv", " ".join(f"o{n}" for n in range(20)),
    ),
    "low-level calls": program(
        "import os\n"
        "f = os.open('a.csv', os.O_RDONLY); g = os.open('o.csv', os.O_WRONLY | os.O_CREAT)\n"
        "os.sendfile(g, f, 0, 100); os.truncate('o.csv', 5)\n"
        "d = os.open('part', os.O_RDONLY); os.unlink('2.csv', dir_fd=d); os.rename('part/1.csv', 'one.csv')",
        "a.csv part/1.csv", "o.csv one.csv",
    ),
    "shelve and names with blanks": program(
        "import os; os.mkdir('a b'); open('a b/ü\\n.csv', 'w').write(open('text.txt').read())",
        "text.txt", "a\\x20b/ü\\n.csv",
    ),
}  # fmt: skip
