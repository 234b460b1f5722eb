/* sandglass:tool
{
 "name": "browser_press",
 "description": "Presses a key, such as Enter or Control+a, on an element or the page",
 "version": "1.0.0",
 "category": "browser",
 "keywords": [
  "key",
  "keyboard",
  "enter"
 ],
 "capabilities": [
  "browser.interact"
 ],
 "input": {
  "type": "object",
  "properties": {
   "key": {
    "type": "string",
    "description": "Name of the key, or one character",
    "minLength": 1,
    "maxLength": 40
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
  "required": [
   "key"
  ],
  "additionalProperties": false
 },
 "limits": {
  "timeoutMs": 60000
 },
 "examples": [
  {
   "input": {
    "key": "Enter"
   }
  }
 ]
}
*/
export const run = (args) => sandglass.browser.press(args);
