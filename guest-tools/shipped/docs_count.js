/* sandglass:tool
{
 "name": "docs_count",
 "description": "Counts JSON documents of a collection that fit a filter",
 "version": "1.0.0",
 "category": "database",
 "keywords": [
  "nosql",
  "how many"
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
   "collection": {
    "type": "string",
    "description": "Name of the collection"
   },
   "filter": {
    "type": "object",
    "description": "Fields by path and what they must be, e.g. {\"age\":{\"$gt\":30}}. {} stands for all"
   }
  },
  "required": [
   "database",
   "collection"
  ],
  "additionalProperties": false
 },
 "idempotent": true,
 "examples": [
  {
   "input": {
    "database": "main",
    "collection": "notes",
    "filter": {}
   },
   "output": {
    "count": 1
   }
  }
 ]
}
*/
export const run = (args) => sandglass.sql.count(args);
