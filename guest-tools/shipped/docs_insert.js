/* sandglass:tool
{
 "name": "docs_insert",
 "description": "Puts JSON documents into a collection; each gets an _id unless it has one",
 "version": "1.0.0",
 "category": "database",
 "keywords": [
  "nosql",
  "store",
  "save"
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
   "documents": {
    "type": "array",
    "items": {
     "type": "object"
    },
    "minItems": 1,
    "maxItems": 1000,
    "description": "The documents"
   }
  },
  "required": [
   "database",
   "collection",
   "documents"
  ],
  "additionalProperties": false
 },
 "examples": [
  {
   "input": {
    "database": "main",
    "collection": "notes",
    "documents": [
     {
      "_id": "n1",
      "title": "One",
      "stars": 3
     }
    ]
   },
   "output": {
    "ids": [
     "n1"
    ]
   }
  }
 ]
}
*/
export const run = (args) => sandglass.sql.insert(args);
