/* sandglass:tool
{
 "name": "data_analyzer",
 "description": "Statistics of numbers: count, sum, mean, median, minimum, maximum, sample variance and deviation, quartiles",
 "version": "1.0.0",
 "category": "data",
 "keywords": [
  "statistics",
  "mean",
  "median",
  "average",
  "quartiles"
 ],
 "input": {
  "type": "object",
  "properties": {
   "data": {
    "type": "array",
    "items": {
     "type": "number"
    },
    "minItems": 1,
    "maxItems": 99990,
    "description": "Numbers"
   }
  },
  "required": [
   "data"
  ],
  "additionalProperties": false
 },
 "idempotent": true,
 "cacheable": true,
 "pipe": "data",
 "examples": [
  {
   "input": {
    "data": [
     1,
     2,
     3,
     4,
     5
    ]
   },
   "output": {
    "count": 5,
    "sum": 15,
    "mean": 3,
    "median": 3,
    "min": 1,
    "max": 5,
    "variance": 2.5,
    "std": 1.5811388300841898,
    "quartiles": [
     2,
     3,
     4
    ]
   }
  }
 ]
}
*/
export function run({ data }) {
  const sorted = Float64Array.from(data).sort();
  const count = sorted.length;
  const total = sum(data);
  const mean = total / count;
  // Around the mean first: the squares of large numbers would drown what differs.
  const variance = count === 1 ? 0 : sum(data.map((value) => (value - mean) ** 2)) / (count - 1);
  return {
    count,
    sum: total,
    mean,
    median: quantile(sorted, 0.5),
    min: sorted[0],
    max: sorted[count - 1],
    variance,
    std: Math.sqrt(variance),
    quartiles: [quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75)],
  };
}

/** Neumaier's sum: what small numbers lose beside large ones is kept aside. */
function sum(values) {
  let total = 0;
  let lost = 0;
  for (const value of values) {
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return total + lost;
}

/** Linear between neighbours, as spreadsheets and numpy have it. */
function quantile(sorted, share) {
  const at = (sorted.length - 1) * share;
  const low = Math.floor(at);
  const high = Math.ceil(at);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}
