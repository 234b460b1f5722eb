/* sandglass:tool
{
 "name": "browser_extract",
 "description": "Reads texts of a page by CSS selectors; addresses where a selector ends in [href] or [src]",
 "version": "1.0.0",
 "category": "browser",
 "keywords": [
  "scrape",
  "text",
  "links"
 ],
 "capabilities": [
  "browser.navigate",
  "browser.extract"
 ],
 "input": {
  "type": "object",
  "properties": {
   "url": {
    "type": "string",
    "format": "http-url",
    "description": "Page to open first"
   },
   "selectors": {
    "type": "object",
    "description": "Name \u2192 CSS selector",
    "additionalProperties": {
     "type": "string"
    }
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
   "selectors"
  ],
  "additionalProperties": false
 },
 "limits": {
  "timeoutMs": 60000
 },
 "examples": [
  {
   "input": {
    "url": "http://localhost/",
    "selectors": {
     "title": "h1"
    }
   }
  }
 ]
}
*/
export const run = (args) => sandglass.browser.extract(args);
