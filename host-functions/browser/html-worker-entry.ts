import { parentPort } from 'node:worker_threads';
import { HtmlPage } from './html-page.ts';
import type { HtmlAnswer, HtmlQuestion } from './html-worker.ts';

/** A worker of one session of the driver `http`: it holds the page, answers what is asked of it, and can be ended at any time. */
let page = new HtmlPage('', 'about:blank');

parentPort?.on('message', (asked: HtmlQuestion) => parentPort?.postMessage(answerTo(asked)));

function answerTo(asked: HtmlQuestion): HtmlAnswer {
  try {
    return { ok: true, value: done(asked) };
  } catch {
    return { ok: false };
  }
}

function done(asked: HtmlQuestion): unknown {
  switch (asked.ask) {
    case 'load':
      page = new HtmlPage(asked.html, asked.url);
      return { title: page.title(), content: page.content() };
    case 'extract':
      return page.extract(asked.selectors);
    case 'snapshot':
      return page.snapshot();
    case 'click':
      return page.click(asked.at);
    case 'fill':
      return page.fill(asked.at, asked.value);
    case 'fillForm':
      return page.fillForm(asked.data, asked.submit);
    case 'select':
      return page.select(asked.at, asked.values);
    case 'has':
      return page.has(asked.selector, asked.text);
  }
}
