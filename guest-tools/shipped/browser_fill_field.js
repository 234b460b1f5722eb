/* sandglass:tool
{
 "name": "browser_fill_field",
 "description": "Fills one field, by a CSS selector or a reference of the last snapshot",
 "version": "1.0.0",
 "category": "browser",
 "aliases": [
  "browser_type"
 ],
 "keywords": [
  "type",
  "input",
  "text"
 ],
 "capabilities": [
  "browser.interact"
 ],
 "input": {
  "type": "object",
  "properties": {
   "selector": {
    "type": "string",
    "description": "CSS selector of an element"
   },
   "ref": {
    "type": "string",
    "description": "Reference of the last snapshot, such as e5"
   },
   "value": {
    "type": "string",
    "description": "What it then holds"
   },
   "timeoutMs": {
    "type": "integer",
    "minimum": 1,
    "maximum": 300000,
    "description": "Longest it may take",
    "default": 10000
   },
   "session": {
    "type": "string",
    "description": "Name of a session that is kept from call to call; without it the page lives as long as the program that calls",
    "maxLength": 64
   }
  },
  "required": [
   "value"
  ],
  "additionalProperties": false
 },
 "limits": {
  "timeoutMs": 60000
 },
 "examples": [
  {
   "input": {
    "selector": "#email",
    "value": "a@example.com"
   }
  }
 ]
}
*/
export const run = (args) => sandglass.browser.fill(args);
