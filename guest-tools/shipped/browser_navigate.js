/* sandglass:tool
{
 "name": "browser_navigate",
 "description": "Opens a page in a browser and tells its address, title, status and text",
 "version": "1.0.0",
 "category": "browser",
 "keywords": [
  "open",
  "visit",
  "web page"
 ],
 "capabilities": [
  "browser.navigate"
 ],
 "input": {
  "type": "object",
  "properties": {
   "url": {
    "type": "string",
    "format": "http-url",
    "description": "Page to open"
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
   "url"
  ],
  "additionalProperties": false
 },
 "limits": {
  "timeoutMs": 60000
 },
 "examples": [
  {
   "input": {
    "url": "http://localhost/"
   }
  }
 ]
}
*/
export const run = (args) => sandglass.browser.navigate(args);
