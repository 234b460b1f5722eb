/* sandglass:tool
{
 "name": "browser_scroll",
 "description": "Scrolls the page, or until an element is seen",
 "version": "1.0.0",
 "category": "browser",
 "keywords": [
  "down",
  "up"
 ],
 "capabilities": [
  "browser.interact"
 ],
 "input": {
  "type": "object",
  "properties": {
   "by": {
    "type": "number",
    "description": "Pixels, down; up where it is less than 0",
    "default": 600
   },
   "selector": {
    "type": "string",
    "description": "CSS selector of an element"
   },
   "ref": {
    "type": "string",
    "description": "Reference of the last snapshot, such as e5"
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
    "by": 600
   }
  }
 ]
}
*/
export const run = (args) => sandglass.browser.scroll(args);
