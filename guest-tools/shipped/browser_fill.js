/* sandglass:tool
{
 "name": "browser_fill",
 "description": "Fills fields of a form by their name or id, and submits it if asked",
 "version": "1.0.0",
 "category": "browser",
 "aliases": [
  "browser_fill_form"
 ],
 "keywords": [
  "form",
  "type",
  "submit"
 ],
 "capabilities": [
  "browser.navigate",
  "browser.interact"
 ],
 "input": {
  "type": "object",
  "properties": {
   "url": {
    "type": "string",
    "format": "http-url",
    "description": "Page to open first"
   },
   "data": {
    "type": "object",
    "description": "Name or id of a field \u2192 its value",
    "additionalProperties": {
     "type": [
      "string",
      "number",
      "boolean"
     ]
    }
   },
   "submit": {
    "type": "boolean",
    "description": "Whether to submit the form",
    "default": false
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
   "data"
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
    "data": {
     "email": "a@example.com"
    }
   }
  }
 ]
}
*/
export const run = (args) => sandglass.browser.fillForm(args);
