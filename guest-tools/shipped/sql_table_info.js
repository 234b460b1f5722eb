/* sandglass:tool
{
 "name": "sql_table_info",
 "description": "Tells columns and the number of rows of one table",
 "version": "1.0.0",
 "category": "database",
 "keywords": [
  "columns",
  "types",
  "describe"
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
   "table": {
    "type": "string",
    "description": "Name of the table"
   }
  },
  "required": [
   "database",
   "table"
  ],
  "additionalProperties": false
 },
 "idempotent": true,
 "examples": [
  {
   "input": {
    "database": "main",
    "table": "people"
   }
  }
 ]
}
*/
export const run = (args) => sandglass.sql.table(args);
