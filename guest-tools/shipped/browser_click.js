/* sandglass:tool
{
 "name": "browser_click",
 "description": "Clicks an element of the page and tells the address and title after it",
 "version": "1.0.0",
 "category": "browser",
 "keywords": [
  "press",
  "link",
  "button"
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
   "button": {
    "type": "string",
    "enum": [
     "left",
     "right",
     "middle"
    ],
    "description": "Which button",
    "default": "left"
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
    "selector": "a"
   }
  }
 ]
}
*/
export const run = (args) => sandglass.browser.click(args);
