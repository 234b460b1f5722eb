/* sandglass:tool
{
 "name": "docs_update",
 "description": "Changes JSON documents of a collection that fit a filter",
 "version": "1.0.0",
 "category": "database",
 "keywords": [
  "nosql",
  "set",
  "change"
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
   },
   "update": {
    "type": "object",
    "description": "$set, $unset, $inc and $push with fields by path"
   }
  },
  "required": [
   "database",
   "collection",
   "filter",
   "update"
  ],
  "additionalProperties": false
 },
 "examples": [
  {
   "input": {
    "database": "main",
    "collection": "notes",
    "filter": {
     "_id": "n1"
    },
    "update": {
     "$inc": {
      "stars": 1
     }
    }
   },
   "output": {
    "matched": 1
   }
  }
 ]
}
*/
export const run = (args) => sandglass.sql.update(args);
