/* sandglass:tool
{
 "name": "sql_schema_info",
 "description": "Lists tables, views and indexes of a database",
 "version": "1.0.0",
 "category": "database",
 "keywords": [
  "tables",
  "columns",
  "catalog"
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
   }
  },
  "required": [
   "database"
  ],
  "additionalProperties": false
 },
 "idempotent": true,
 "aliases": [
  "sql_schema"
 ],
 "examples": [
  {
   "input": {
    "database": "main"
   }
  }
 ]
}
*/
export const run = (args) => sandglass.sql.schema(args);
