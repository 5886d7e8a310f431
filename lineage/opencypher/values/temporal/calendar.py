"""The proleptic Gregorian calendar over day numbers, for years far beyond `datetime`'s.

Day 0 is 1970-01-01. The conversions are Howard Hinnant's "chrono-Compatible Low-Level Date
Algorithms"; weeks are ISO 8601's.
"""

from __future__ import annotations

from lineage.opencypher.values.temporal.errors import InvalidTemporal

MIN_YEAR = -999_999_999
MAX_YEAR = 999_999_999
_DAYS_IN_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_leap(year: int) -> bool:
    """Whether that year has a 29 February."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in_month(year: int, month: int) -> int:
    """28 to 31."""
    return 29 if month == 2 and is_leap(year) else _DAYS_IN_MONTH[month - 1]


def days_in_year(year: int) -> int:
    """365 or 366."""
    return 366 if is_leap(year) else 365


def day_number(year: int, month: int, day: int) -> int:
    """The number of the day; raises InvalidTemporal where there is no such date."""
    check_range("year", year, MIN_YEAR, MAX_YEAR)
    check_range("month", month, 1, 12)
    check_range("day", day, 1, 31)
    if day > days_in_month(year, month):
        raise InvalidTemporal(f"there is no day {day} in month {month} of {year}")
    return _day_number(year, month, day)


def _day_number(year: int, month: int, day: int) -> int:
    shifted = year - (month <= 2)
    era, of_era = divmod(shifted, 400)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


FIRST_DAY = _day_number(MIN_YEAR, 1, 1)
LAST_DAY = _day_number(MAX_YEAR, 12, 31)


def check_day(days: int) -> int:
    """The day number, where it is within the years that there are."""
    if not FIRST_DAY <= days <= LAST_DAY:
        raise InvalidTemporal(f"the date is outside the years {MIN_YEAR} to {MAX_YEAR}")
    return days


def year_month_day(days: int) -> tuple[int, int, int]:
    """The date of a day number."""
    era, day = divmod(days + 719_468, 146_097)
    of_era = (day - day // 1_460 + day // 36_524 - day // 146_096) // 365
    of_year = day - (365 * of_era + of_era // 4 - of_era // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return era * 400 + of_era + (month <= 2), month, of_year - (153 * shifted + 2) // 5 + 1


def day_of_week(days: int) -> int:
    """1 is Monday."""
    return (days + 3) % 7 + 1


def _first_monday(week_year: int) -> int:
    """The Monday of week 1: the week that has 4 January in it."""
    fourth = _day_number(week_year, 1, 4)
    return fourth - day_of_week(fourth) + 1


def week_date(days: int) -> tuple[int, int, int]:
    """Week year, week, and day of the week."""
    thursday = days - day_of_week(days) + 4
    week_year = year_month_day(thursday)[0]
    return week_year, (days - _first_monday(week_year)) // 7 + 1, day_of_week(days)


def from_week_date(week_year: int, week: int, weekday: int) -> int:
    """The day number of an ISO week date."""
    check_range("year", week_year, MIN_YEAR, MAX_YEAR)
    check_range("week", week, 1, 53)
    check_range("dayOfWeek", weekday, 1, 7)
    monday = _first_monday(week_year) + (week - 1) * 7
    if week == 53 and year_month_day(monday + 3)[0] != week_year:
        raise InvalidTemporal(f"there is no week 53 in {week_year}")
    return check_day(monday + weekday - 1)


def ordinal_day(days: int) -> int:
    """The day of the year; 1 is 1 January."""
    return days - _day_number(year_month_day(days)[0], 1, 1) + 1


def from_ordinal_day(year: int, ordinal: int) -> int:
    """The day number of a day of a year."""
    check_range("year", year, MIN_YEAR, MAX_YEAR)
    check_range("ordinalDay", ordinal, 1, 366)
    if ordinal > days_in_year(year):
        raise InvalidTemporal(f"there is no day {ordinal} in {year}")
    return _day_number(year, 1, 1) + ordinal - 1


def quarter_of(month: int) -> int:
    """1 to 4."""
    return (month - 1) // 3 + 1


def day_of_quarter(days: int) -> int:
    """1 is the first day of the quarter."""
    year, month, _ = year_month_day(days)
    return days - _day_number(year, quarter_of(month) * 3 - 2, 1) + 1


def from_quarter_date(year: int, quarter: int, day: int) -> int:
    """The day number of a day of a quarter."""
    check_range("year", year, MIN_YEAR, MAX_YEAR)
    check_range("quarter", quarter, 1, 4)
    check_range("dayOfQuarter", day, 1, 92)
    first = _day_number(year, quarter * 3 - 2, 1)
    length = sum(days_in_month(year, month) for month in range(quarter * 3 - 2, quarter * 3 + 1))
    if day > length:
        raise InvalidTemporal(f"there is no day {day} in quarter {quarter} of {year}")
    return first + day - 1


def plus_months(days: int, months: int) -> int:
    """The same day of a later (or earlier) month, or that month's last where it is shorter."""
    year, month, day = year_month_day(days)
    year, zero_based = divmod(year * 12 + month - 1 + months, 12)
    if not MIN_YEAR <= year <= MAX_YEAR:
        raise InvalidTemporal(f"the date is outside the years {MIN_YEAR} to {MAX_YEAR}")
    return _day_number(year, zero_based + 1, min(day, days_in_month(year, zero_based + 1)))


def months_between(start: int, end: int) -> int:
    """Whole months from one day to another, towards zero."""
    first, second = (
        (year * 12 + month - 1) * 32 + day
        for year, month, day in (year_month_day(start), year_month_day(end))
    )
    months = abs(second - first) // 32
    return months if second >= first else -months


def check_range(name: str, value: int, least: int, most: int) -> None:
    """Raises InvalidTemporal where a component is out of its range."""
    if not least <= value <= most:
        raise InvalidTemporal(f"{name} must be {least} to {most}, not {value}")
