// Nexus for OpenCode: tells the model what other agents wrote, and wakes an idle session where that is wanted.
// `nexus connect opencode` wrote this file and `nexus disconnect opencode` removes it; what it does is in nexus-hook.
import { spawn } from "node:child_process"

const HOOK = "@HOOK@"
const AGENT = "@AGENT@"
const WAKE = "@WAKE@"
const WOKEN = 2
const PAUSE = 5000

function hook(event, session, folder) {
  const words = [event, "--harness", "opencode", "--agent", AGENT, ...WAKE]
  const child = spawn(HOOK, words, { cwd: folder, stdio: ["pipe", "pipe", "pipe"] })
  const said = { out: "", err: "" }
  child.stdout.on("data", (piece) => { said.out += piece })
  child.stderr.on("data", (piece) => { said.err += piece })
  child.stdin.on("error", () => {})
  child.stdin.end(JSON.stringify({ session_id: session, cwd: folder, hook_event_name: event }))
  const over = new Promise((resolve) => {
    child.on("error", () => resolve({ code: 0, out: "", err: "" }))
    child.on("close", (code) => resolve({ code, ...said }))
  })
  return { child, over }
}

async function told(event, session, folder) {
  const { out } = await hook(event, session, folder).over
  try {
    return JSON.parse(out).hookSpecificOutput.additionalContext
  } catch {
    return ""
  }
}

export const Nexus = async ({ client, directory }) => {
  const begun = new Set()
  const parts = new Set() // sessions of subagents: their parent is told
  const waiters = new Map()
  let looked = 0

  function rest(session) {
    waiters.get(session)?.kill()
    waiters.delete(session)
  }

  async function wait(session) {
    rest(session)
    const { child, over } = hook("wait", session, directory)
    waiters.set(session, child)
    const { code, err } = await over
    if (waiters.get(session) !== child) return
    waiters.delete(session)
    if (code !== WOKEN || !err.trim()) return
    await client.session.promptAsync({ path: { id: session }, body: { parts: [{ type: "text", text: err.trim() }] } })
  }

  function end(session) {
    rest(session)
    return begun.delete(session) ? hook("end", session, directory).over : undefined
  }

  return {
    event: async ({ event }) => {
      const about = event.properties ?? {}
      if (event.type === "session.created" && about.info?.parentID) parts.add(about.info.id)
      if (event.type === "session.deleted") await end(about.info?.id ?? about.sessionID)
      if (event.type === "session.idle" && WAKE.length && begun.has(about.sessionID)) {
        wait(about.sessionID).catch(() => {})
      }
    },
    "chat.message": async ({ sessionID }, output) => {
      if (parts.has(sessionID)) return
      rest(sessionID)
      const text = await told(begun.has(sessionID) ? "prompt" : "start", sessionID, directory)
      begun.add(sessionID)
      if (!text) return
      const id = `prt_${Date.now().toString(16)}nexus${Math.random().toString(36).slice(2)}`
      output.parts.push({ id, sessionID, messageID: output.message.id, type: "text", text, synthetic: true })
    },
    "tool.execute.after": async ({ sessionID }, output) => {
      if (!begun.has(sessionID) || Date.now() - looked < PAUSE || typeof output?.output !== "string") return
      looked = Date.now()
      const text = await told("tool", sessionID, directory)
      if (text) output.output += `\n\n${text}`
    },
    dispose: async () => {
      await Promise.all([...begun].map(end))
    },
  }
}
