import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, stepCountIs } from 'ai';
import { createRuntime } from 'sandglass';
import { toAiSdkCode, toAiSdkTools } from 'sandglass/ai';
import { startModel } from './model.mjs';

await using runtime = createRuntime({
  tools: { builtin: true },
  policy: { fs: [{ host: './project', guest: '/project', access: ['read'] }], tools: ['read_file'] },
});
await runtime.tools.ready();

async function ask(name, args, tools) {
  using local = await startModel(name, args);
  const model = createOpenAICompatible({ name: 'local', baseURL: local.url }).chatModel('local');
  const prompt = 'What is in my notes?';
  const { text } = await generateText({ model, prompt, tools, stopWhen: stepCountIs(5) });
  console.log(text);
}

await ask('read_file', { path: '/project/notes.txt' }, toAiSdkTools(runtime));
const program = "const { content } = await tools.read_file({ path: '/project/notes.txt' }); content";
await ask('run_code', { code: program }, { run_code: toAiSdkCode(runtime, { names: ['read_file'] }) });
