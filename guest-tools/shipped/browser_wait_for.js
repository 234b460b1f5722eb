/* sandglass:tool
{
 "name": "browser_wait_for",
 "description": "Waits until an element or a text is on the page; without either until nothing is loaded any more",
 "version": "1.0.0",
 "category": "browser",
 "keywords": [
  "until",
  "appear",
  "ready"
 ],
 "capabilities": [
  "browser.extract"
 ],
 "input": {
  "type": "object",
  "properties": {
   "selector": {
    "type": "string",
    "description": "CSS selector of an element"
   },
   "text": {
    "type": "string",
    "description": "Text that must be there"
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
   "input": {
    "selector": "h1"
   }
  }
 ]
}
*/
export const run = (args) => sandglass.browser.waitFor(args);
