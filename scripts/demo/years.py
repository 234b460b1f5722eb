# A guest. It sees /data and nothing else.
import csv
import statistics
from dataclasses import dataclass
from datetime import date


@dataclass
class Year:
    year: int
    days: int
    wettest: date
    rain: float
    mean_wind: float


def analyse(rows):
    by_year = {}
    for row in rows:
        by_year.setdefault(int(row["date"][:4]), []).append(row)
    for year, days in by_year.items():
        wettest = max(days, key=lambda day: float(day["precipitation"]))
        yield Year(
            year=year,
            days=len(days),
            wettest=date.fromisoformat(wettest["date"]),
            rain=float(wettest["precipitation"]),
            mean_wind=round(statistics.fmean(float(day["wind"]) for day in days), 2),
        )


with open("/data/seattle-weather.csv", newline="") as file:
    years = list(analyse(csv.DictReader(file)))

for it in years:
    print(f"{it.year}: wettest on {it.wettest:%d %B} with {it.rain} mm, mean wind {it.mean_wind} m/s")

years
