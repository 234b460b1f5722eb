/* sandglass:tool
{
 "name": "browser_back",
 "description": "Goes back to the page before, and tells its address and title",
 "version": "1.0.0",
 "category": "browser",
 "keywords": [
  "history",
  "previous"
 ],
 "capabilities": [
  "browser.navigate"
 ],
 "input": {
  "type": "object",
  "properties": {
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
export const run = (args) => sandglass.browser.back(args);
