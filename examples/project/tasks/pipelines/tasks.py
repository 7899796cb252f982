"""A pipeline: each task starts when the previous one has succeeded."""

import csv
import json

from rtd.arguments import Return
from rtd.tasks import FuncTask


@FuncTask()
def get_data(data_folder):
    """Read how often each page was visited. A client submits this task."""
    with (data_folder / "visits.csv").open() as file:
        return {row["page"]: int(row["visits"]) for row in csv.DictReader(file)}


@FuncTask(start_cond="after task 'get_data' succeeded", parameters={"visits": Return("get_data")})
def transform_data(visits):
    """Return the share of each page."""
    total = sum(visits.values())
    return {page: round(count / total, 3) for page, count in visits.items()}


@FuncTask(start_cond="after task 'transform_data'", parameters={"shares": Return("transform_data")})
def store_data(shares, data_folder):
    """Write the shares to a file (runs if transform_data succeeded)."""
    (data_folder / "shares.json").write_text(json.dumps(shares, indent=2))


@FuncTask(start_cond="after task 'get_data' failed")
def report_errors(data_folder):
    """Record that there was no data."""
    with (data_folder / "errors.txt").open("a") as file:
        file.write("get_data failed\n")


@FuncTask(parameters={"my_data": Return("get_data")})
def process_data(my_data):
    """Process the latest result of get_data; None before the first one."""
    print(f"my_data is {my_data}")
    return None if my_data is None else sum(my_data.values())
