/* sandglass:tool
{
 "name": "browser_select",
 "description": "Chooses options of a list by their value or label",
 "version": "1.0.0",
 "category": "browser",
 "keywords": [
  "choose",
  "option",
  "dropdown"
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
   "values": {
    "type": "array",
    "items": {
     "type": "string"
    },
    "maxItems": 200,
    "description": "Values or labels of the options"
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
   "values"
  ],
  "additionalProperties": false
 },
 "limits": {
  "timeoutMs": 60000
 },
 "examples": [
  {
   "input": {
    "selector": "select",
    "values": [
     "s"
    ]
   }
  }
 ]
}
*/
export const run = (args) => sandglass.browser.select(args);
