/* sandglass:tool
{
 "name": "browser_console",
 "description": "Tells what the pages wrote to the console, the last 200 messages",
 "version": "1.0.0",
 "category": "browser",
 "keywords": [
  "log",
  "error",
  "debug"
 ],
 "capabilities": [
  "browser.extract"
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
export const run = (args) => sandglass.browser.console(args);
