/* sandglass:tool
{
 "name": "sql_query",
 "description": "Reads from a database with one SQL statement; parameters are bound",
 "version": "1.0.0",
 "category": "database",
 "keywords": [
  "select",
  "table",
  "rows",
  "postgres"
 ],
 "capabilities": [
  "sql.read"
 ],
 "input": {
  "type": "object",
  "properties": {
   "database": {
    "type": "string",
    "description": "Name of a database of the grant"
   },
   "query": {
    "type": "string",
    "format": "sql",
    "description": "One SQL statement",
    "minLength": 1
   },
   "params": {
    "description": "Values for ?, $1 or %s in order, or by name for :name",
    "anyOf": [
     {
      "type": "array",
      "maxItems": 10000
     },
     {
      "type": "object"
     }
    ]
   },
   "maxRows": {
    "type": "integer",
    "minimum": 1,
    "maximum": 1000000,
    "description": "Most rows; an answer with more says truncated"
   },
   "timeoutMs": {
    "type": "integer",
    "minimum": 1,
    "maximum": 600000,
    "description": "Longest it may take"
   }
  },
  "required": [
   "database",
   "query"
  ],
  "additionalProperties": false
 },
 "idempotent": true,
 "examples": [
  {
   "input": {
    "database": "main",
    "query": "select name from people where age > ? order by name",
    "params": [
     30
    ]
   }
  }
 ]
}
*/
export const run = (args) => sandglass.sql.query(args);
