# sandglass run examples/wind.py --allow-read=./examples/data:/data
import csv

with open("/data/seattle-weather.csv", newline="") as file:
    rows = list(csv.DictReader(file))

max(float(row["wind"]) for row in rows)
