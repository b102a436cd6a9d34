"""Counts working-hour periods with businesstimedelta, the peer of `cargo xtask bench cases`.

Reads lines `start hours end` (seconds since 1970) from standard input and the days off of the calendar
file named by the first argument; prints the microseconds for one period and how many ends are the same.
"""

import csv
import datetime
import sys
import time

import businesstimedelta
import pytz


def days_off(path):
    """Weekdays that are not worked, of 2026 and 2027; weekends are the rule's own."""
    with open(path, encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if row["date"] >= "2026"]
    days = [datetime.date.fromisoformat(row["date"]) for row in rows if row["is_workday"] == "0"]
    return {day for day in days if day.weekday() < 5}


def main():
    taipei = pytz.timezone("Asia/Taipei")
    work = businesstimedelta.WorkDayRule(
        start_time=datetime.time(9), end_time=datetime.time(18), working_days=[0, 1, 2, 3, 4], tz=taipei
    )
    rules = businesstimedelta.Rules([work, businesstimedelta.HolidayRule(days_off(sys.argv[1]), tz=taipei)])
    periods = []
    for line in sys.stdin:
        start, hours, end = (int(part) for part in line.split())
        periods.append((datetime.datetime.fromtimestamp(start, taipei), hours, end))
    began = time.perf_counter()
    found = [start + businesstimedelta.BusinessTimeDelta(rules, hours=hours) for start, hours, _ in periods]
    seconds = time.perf_counter() - began
    same = sum(int(at.timestamp()) == end for at, (_, _, end) in zip(found, periods))
    print(f"peer_us {seconds / len(periods) * 1e6:.4f}")
    print(f"peer_same {same}")
    print(f"peer_count {len(periods)}")


main()
