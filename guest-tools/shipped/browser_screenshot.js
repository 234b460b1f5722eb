/* sandglass:tool
{
 "name": "browser_screenshot",
 "description": "Takes a picture of the page, PNG in base64",
 "version": "1.0.0",
 "category": "browser",
 "keywords": [
  "picture",
  "image",
  "png"
 ],
 "capabilities": [
  "browser.navigate",
  "browser.screenshot"
 ],
 "input": {
  "type": "object",
  "properties": {
   "url": {
    "type": "string",
    "format": "http-url",
    "description": "Page to open first"
   },
   "selector": {
    "type": "string",
    "description": "CSS selector of an element; only it is taken"
   },
   "ref": {
    "type": "string",
    "description": "Reference of the last snapshot, such as e5"
   },
   "fullPage": {
    "type": "boolean",
    "description": "The whole page, not only what is seen",
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
  "required": [],
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
export async function run(args) {
  const png = await sandglass.browser.screenshot(args);
  return { mime: 'image/png', bytes: png.byteLength, base64: Buffer.from(png).toString('base64') };
}
