/* sandglass:tool
{
 "name": "docs_delete",
 "description": "Deletes JSON documents of a collection that fit a filter",
 "version": "1.0.0",
 "category": "database",
 "keywords": [
  "nosql",
  "remove"
 ],
 "capabilities": [
  "sql.write"
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
   "collection",
   "filter"
  ],
  "additionalProperties": false
 },
 "dangerous": true,
 "examples": [
  {
   "input": {
    "database": "main",
    "collection": "notes",
    "filter": {
     "stars": {
      "$lt": 2
     }
    }
   },
   "output": {
    "deleted": 0
   }
  }
 ]
}
*/
export const run = (args) => sandglass.sql.delete(args);
