/* sandglass:tool
{
 "name": "docs_find",
 "description": "Finds JSON documents of a collection by a filter",
 "version": "1.0.0",
 "category": "database",
 "keywords": [
  "nosql",
  "search",
  "filter"
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
   },
   "sort": {
    "type": "object",
    "description": "Paths with 1 for ascending, -1 for descending"
   },
   "limit": {
    "type": "integer",
    "minimum": 1,
    "maximum": 1000000,
    "description": "Most documents"
   },
   "skip": {
    "type": "integer",
    "minimum": 0,
    "description": "Documents to leave out first"
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
    "filter": {
     "stars": {
      "$gte": 3
     }
    },
    "limit": 1
   },
   "output": {
    "documents": [
     {
      "_id": "n1",
      "title": "One",
      "stars": 3
     }
    ],
    "truncated": false
   }
  }
 ]
}
*/
export const run = (args) => sandglass.sql.find(args);
