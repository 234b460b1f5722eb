/* sandglass:tool
{
 "name": "browser_tabs",
 "description": "Lists the tabs, opens, chooses or closes one",
 "version": "1.0.0",
 "category": "browser",
 "keywords": [
  "page",
  "window"
 ],
 "capabilities": [
  "browser.navigate"
 ],
 "input": {
  "type": "object",
  "properties": {
   "action": {
    "type": "string",
    "enum": [
     "list",
     "new",
     "select",
     "close"
    ],
    "description": "What to do",
    "default": "list"
   },
   "index": {
    "type": "integer",
    "minimum": 0,
    "description": "Which tab, for select and close"
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
  "required": [],
  "additionalProperties": false
 },
 "limits": {
  "timeoutMs": 60000
 },
 "examples": [
  {
   "input": {}
  }
 ]
}
*/
export const run = (args) => sandglass.browser.tabs(args);
