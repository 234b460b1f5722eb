/* sandglass:tool
{
 "name": "browser_download",
 "description": "Downloads a file by its address, or by a click on the page, and answers it in base64",
 "version": "1.0.0",
 "category": "browser",
 "keywords": [
  "file",
  "save",
  "attachment"
 ],
 "capabilities": [
  "browser.navigate",
  "browser.extract",
  "browser.interact"
 ],
 "input": {
  "type": "object",
  "properties": {
   "url": {
    "type": "string",
    "description": "Address of the file"
   },
   "selector": {
    "type": "string",
    "description": "CSS selector of what to click, in place of an address"
   },
   "ref": {
    "type": "string",
    "description": "The same by a reference of the last snapshot, such as e5"
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
    "url": "http://localhost/file.csv"
   }
  }
 ]
}
*/
export const run = (args) => sandglass.browser.download(args);
