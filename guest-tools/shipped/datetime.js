/* sandglass:tool
{
 "name": "datetime",
 "description": "Reads, shifts and compares times, and writes them in a time zone",
 "version": "1.0.0",
 "category": "data",
 "keywords": [
  "date",
  "time",
  "timezone",
  "clock",
  "now"
 ],
 "input": {
  "type": "object",
  "properties": {
   "time": {
    "type": "string",
    "description": "ISO 8601 with its zone: 2026-01-31T12:00:00Z; a date alone is midnight UTC; now without one"
   },
   "add": {
    "type": "object",
    "properties": {
     "years": {
      "type": "integer",
      "description": "years",
      "minimum": -1000000,
      "maximum": 1000000
     },
     "months": {
      "type": "integer",
      "description": "months",
      "minimum": -1000000,
      "maximum": 1000000
     },
     "days": {
      "type": "integer",
      "description": "days",
      "minimum": -1000000,
      "maximum": 1000000
     },
     "hours": {
      "type": "integer",
      "description": "hours",
      "minimum": -1000000,
      "maximum": 1000000
     },
     "minutes": {
      "type": "integer",
      "description": "minutes",
      "minimum": -1000000,
      "maximum": 1000000
     },
     "seconds": {
      "type": "integer",
      "description": "seconds",
      "minimum": -1000000,
      "maximum": 1000000
     }
    },
    "required": [],
    "additionalProperties": false,
    "description": "What is added; negative takes away. A day that the month has not becomes its last"
   },
   "timeZone": {
    "type": "string",
    "description": "Zone to write it in, e.g. Europe/Berlin",
    "default": "UTC"
   },
   "until": {
    "type": "string",
    "description": "Another time: answers what lies between"
   }
  },
  "required": [],
  "additionalProperties": false
 },
 "examples": [
  {
   "input": {
    "time": "2026-01-31T12:00:00Z",
    "add": {
     "months": 1
    },
    "timeZone": "Europe/Berlin"
   },
   "output": {
    "iso": "2026-02-28T12:00:00.000Z",
    "unix": 1772280000,
    "timeZone": "Europe/Berlin",
    "local": "2026-02-28T13:00:00",
    "weekday": "Saturday"
   }
  }
 ]
}
*/
export function run({ time, add = {}, timeZone, until }) {
  const start = time === undefined ? new Date() : read(time, 'time');
  const date = shifted(start, add);
  if (Number.isNaN(date.getTime())) throw new Error('Cannot shift the time: the result is out of range');
  const answer = {
    iso: date.toISOString(),
    unix: Math.floor(date.getTime() / 1000),
    ...partsIn(date, timeZone),
  };
  if (until === undefined) return answer;
  const ms = read(until, 'until').getTime() - date.getTime();
  return {
    ...answer,
    until: { seconds: ms / 1_000, minutes: ms / 60_000, hours: ms / 3_600_000, days: ms / 86_400_000 },
  };
}

function read(text, field) {
  const match =
    /^(\d{4})-(\d{2})-(\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2}))?$/.exec(
      text.trim(),
    );
  const date = match === null ? undefined : new Date(text.trim().replace(' ', 'T'));
  const [, year, month, day] = match ?? [];
  const isDay =
    match !== null &&
    Number(day) >= 1 &&
    Number(day) <= new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  if (date === undefined || Number.isNaN(date.getTime()) || !isDay)
    throw new Error(
      `Cannot read ${field} ${JSON.stringify(text.slice(0, 60))}: expected ISO 8601 with its zone, e.g. 2026-01-31T12:00:00Z`,
    );
  return date;
}

function shifted(date, { years = 0, months = 0, days = 0, hours = 0, minutes = 0, seconds = 0 }) {
  const moved = new Date(date);
  const day = moved.getUTCDate();
  moved.setUTCDate(1);
  moved.setUTCMonth(moved.getUTCMonth() + years * 12 + months);
  const last = new Date(Date.UTC(moved.getUTCFullYear(), moved.getUTCMonth() + 1, 0)).getUTCDate();
  moved.setUTCDate(Math.min(day, last));
  return new Date(moved.getTime() + (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000);
}

function partsIn(date, timeZone) {
  let format;
  try {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
      weekday: 'long',
    });
  } catch {
    throw new Error(
      `Cannot write the time: there is no time zone ${JSON.stringify(timeZone.slice(0, 60))}, e.g. Europe/Berlin`,
    );
  }
  const parts = Object.fromEntries(format.formatToParts(date).map(({ type, value }) => [type, value]));
  return {
    timeZone,
    local: `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}:${parts.second}`,
    weekday: parts.weekday,
  };
}
