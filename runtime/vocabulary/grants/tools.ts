/** Tools that a guest may call: names, or patterns in which `*` stands for any characters, `web_*`. At most 1,000. */
export type ToolsGrant = readonly string[];
