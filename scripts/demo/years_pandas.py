# A guest. The same as years.py, as a data frame.
import pandas as pd

days = pd.read_csv("/data/seattle-weather.csv", parse_dates=["date"])
years = (
    days.groupby(days["date"].dt.year)
    .agg(
        days=("date", "size"),
        rain=("precipitation", "max"),
        mean_wind=("wind", "mean"),
    )
    .round(2)
)
print(years)

years.reset_index(names="year")
