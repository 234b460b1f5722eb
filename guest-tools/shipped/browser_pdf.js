/* sandglass:tool
{
 "name": "browser_pdf",
 "description": "Prints the page as PDF, in base64",
 "version": "1.0.0",
 "category": "browser",
 "keywords": [
  "print",
  "document"
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
    "description": "Page to open first"
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
  const pdf = await sandglass.browser.pdf(args);
  return { mime: 'application/pdf', bytes: pdf.byteLength, base64: Buffer.from(pdf).toString('base64') };
}
