/**
 * The chat widget: one script that puts a conversation with the shop's assistant on any page.
 *
 *   <script src="https://chat.example.com/widget.js" data-language="auto" async></script>
 *
 * It owns what the visitor sees and types, and speaks the public protocol v1 (`/v1/chat/…`) of the server that
 * it was loaded from. It has no dependency, sets no cookie, keeps to a shadow root, writes every word of others
 * as text and never as HTML, and needs neither eval nor inline handlers. `docs/widget.md` tells how to embed it.
 *
 * Sections: words · settings · page elements · memory · protocol · conversation · link · sound · messages ·
 * composer · panel · styles · start.
 */
(() => {
  "use strict";

  if (window.crmbot) return;

  const TEXT_LIMIT = 4000; // characters (code points), the server's own limit
  const COUNTER_FROM = 3600; // characters from which the counter shows
  const RECORDING_LIMIT_S = 120;
  const ATTACHMENT_LIMIT = 5; // photos and notes waiting in the composer
  const POLL_WAIT_S = 25; // long-poll; the server allows 30
  const TYPING_SHOWN_MS = 12_000;
  const SOCKET_REST_MS = 5 * 60_000; // how long long-polling stands in before the socket is tried again

  // ------------------------------------------------------------------------------------------------- words

  const WORDS = {
    en: {
      title: "Chat with us",
      subtitle: "Automated assistant. You can always ask for a person.",
      open: "Open chat",
      close: "Close chat",
      unread: (n) => (n === 1 ? "1 new message" : `${n} new messages`),
      otherLanguage: "中文",
      log: "Conversation",
      welcome:
        "Hello! I can look up an order, help with a return or a problem, and pass you on to a person. " +
        "You can write, send a photo of a label or receipt, or record a voice note.",
      suggestions: "Suggestions",
      starters: ["Where is my order?", "What are your opening hours?", "I would like to talk to a person"],
      write: "Write a message",
      send: "Send",
      attach: "Attach a photo or sound file",
      camera: "Take a photo",
      record: "Record a voice note",
      recording: "Recording",
      stop: "Stop and listen to it",
      cancel: "Discard the recording",
      askingMicrophone: "Please allow the microphone in your browser.",
      microphoneRefused:
        "The microphone is blocked. Please allow it for this site in your browser's settings, or type instead.",
      microphoneMissing: "No microphone was found. Please connect one, or type instead.",
      microphoneUnsupported: "This browser cannot record sound on this page. Please type instead.",
      microphoneFailed: "The recording did not work. Please try again, or type instead.",
      recordingLimit: "A voice note can be two minutes long, so the recording was stopped here.",
      recordingEmpty: "Nothing was recorded. Please try again.",
      waitingToSend: "Ready to send",
      remove: (name) => `Remove ${name}`,
      photo: "photo",
      voiceNote: "voice note",
      photoPreview: (name) => `Preview of ${name}`,
      onlyMedia: "Only photos and sound files can be sent here.",
      emptyFile: "This file is empty, so it was not added.",
      tooManyFiles: "Five files at a time, please.",
      drop: "Drop the photo here",
      counter: (n) => `${n.toLocaleString("en")} of 4,000 characters`,
      tooLong: (n) => `Too long by ${n.toLocaleString("en")}. Please shorten it or send it in parts.`,
      you: "You",
      bot: "Assistant",
      staff: "Team member",
      typing: "The assistant is writing",
      sending: "Sending…",
      sent: "Sent",
      retry: "Try again",
      edit: "Change",
      discard: "Remove",
      problemOffline: "Not sent yet. It will be sent when you are connected again.",
      problemBusy: "Not sent yet. We cannot be reached, and are trying again.",
      problemTooFast: "That was quick! This will be sent in a moment.",
      problemTooLong: "Not sent: this message is too long. Please shorten it.",
      problemFileTooLarge: "Not sent: this file is too large. Please choose a smaller one.",
      problemFileType:
        "Not sent: we cannot open this kind of file. Please send a JPEG, PNG or WebP photo, or a voice note.",
      problemFileUnreadable: "Not sent: this file seems to be damaged. Please choose or record it again.",
      problemEmpty: "Not sent: the message is empty.",
      problemButton: "This button can no longer be used. Please type your answer.",
      problemRefused: "Not sent: we could not accept this message. Please change it and try again.",
      photoFromYou: "Photo you sent",
      photoFromUs: "Photo we sent you",
      enlarge: "Enlarge",
      closePhoto: "Close the photo",
      loading: "Loading…",
      mediaFailed: "This could not be loaded.",
      download: "Download the file",
      play: "Play",
      pause: "Pause",
      position: "Position in the voice note",
      heard: (words) => `I heard: “${words}”`,
      choices: "Answers to choose from",
      surveyQuestion: "How satisfied are you?",
      stars: [
        "1 star: very dissatisfied",
        "2 stars: dissatisfied",
        "3 stars: fair",
        "4 stars: satisfied",
        "5 stars: very satisfied",
      ],
      comment: "Anything you would like to add? (optional)",
      rate: "Send rating",
      ratingMissing: "Please choose from one to five stars.",
      ratingThanks: "Thank you for your rating.",
      ratingFailed: "The rating could not be sent. Please try again.",
      newMessages: "New messages",
      offline: "You are offline. What you write is kept and sent later.",
      reconnecting: "Connecting again…",
      noticeAnew: "Your earlier conversation has expired, so we begin anew.",
      noticeIdentity: "A new conversation begins here.",
      noticeAnonymous: "We could not confirm who you are, so we may ask for your order number.",
      today: "Today",
      yesterday: "Yesterday",
    },
    zh: {
      title: "在线客服",
      subtitle: "智能助手，可随时转人工",
      open: "打开聊天",
      close: "关闭聊天",
      unread: (n) => `${n} 条新消息`,
      otherLanguage: "English",
      log: "对话内容",
      welcome:
        "您好！我可以帮您查订单、办理退货、反映问题，也可以为您转接人工。" +
        "您可以打字，发送标签或小票的照片，或者录一段语音。",
      suggestions: "您可以这样问",
      starters: ["我的订单到哪里了？", "你们的营业时间是几点？", "我想找人工客服"],
      write: "请输入消息",
      send: "发送",
      attach: "添加照片或音频",
      camera: "拍照",
      record: "录制语音",
      recording: "正在录音",
      stop: "停止并试听",
      cancel: "放弃录音",
      askingMicrophone: "请在浏览器中允许使用麦克风。",
      microphoneRefused: "麦克风已被禁止使用。请在浏览器设置中允许本网站使用麦克风，或者直接打字。",
      microphoneMissing: "没有找到麦克风。请连接麦克风，或者直接打字。",
      microphoneUnsupported: "此浏览器无法在本页面录音，请直接打字。",
      microphoneFailed: "录音没有成功，请再试一次，或者直接打字。",
      recordingLimit: "语音最长两分钟，录音已在此停止。",
      recordingEmpty: "没有录到声音，请再试一次。",
      waitingToSend: "待发送",
      remove: (name) => `移除${name}`,
      photo: "照片",
      voiceNote: "语音",
      photoPreview: (name) => `${name}的预览`,
      onlyMedia: "这里只能发送照片和音频。",
      emptyFile: "这个文件是空的，没有添加。",
      tooManyFiles: "一次最多添加五个文件。",
      drop: "将照片拖放到这里",
      counter: (n) => `${n} / 4000 字`,
      tooLong: (n) => `超出 ${n} 字，请缩短或分几条发送。`,
      you: "您",
      bot: "助手",
      staff: "人工客服",
      typing: "助手正在输入",
      sending: "正在发送…",
      sent: "已发送",
      retry: "重试",
      edit: "修改",
      discard: "删除",
      problemOffline: "尚未发送，网络恢复后会自动发送。",
      problemBusy: "尚未发送，暂时无法连接，正在重试。",
      problemTooFast: "您发得有点快，稍后会自动发送。",
      problemTooLong: "未发送：消息太长，请缩短后再发。",
      problemFileTooLarge: "未发送：文件太大，请选择小一些的文件。",
      problemFileType: "未发送：无法打开这种文件。请发送 JPEG、PNG、WebP 照片或语音。",
      problemFileUnreadable: "未发送：文件可能已损坏，请重新选择或录制。",
      problemEmpty: "未发送：消息是空的。",
      problemButton: "这个按钮已失效，请直接输入您的回答。",
      problemRefused: "未发送：这条消息无法接收，请修改后再试。",
      photoFromYou: "您发送的照片",
      photoFromUs: "我们发给您的照片",
      enlarge: "放大",
      closePhoto: "关闭照片",
      loading: "正在加载…",
      mediaFailed: "内容未能加载。",
      download: "下载文件",
      play: "播放",
      pause: "暂停",
      position: "语音播放位置",
      heard: (words) => `我听到的是：“${words}”`,
      choices: "可选的回答",
      surveyQuestion: "您对这次服务满意吗？",
      stars: ["1 星：非常不满意", "2 星：不满意", "3 星：一般", "4 星：满意", "5 星：非常满意"],
      comment: "您还有什么想补充的吗？（选填）",
      rate: "提交评价",
      ratingMissing: "请选择一到五颗星。",
      ratingThanks: "感谢您的评价。",
      ratingFailed: "评价未能提交，请再试一次。",
      newMessages: "有新消息",
      offline: "您已离线。您写的内容会保留，稍后自动发送。",
      reconnecting: "正在重新连接…",
      noticeAnew: "您之前的对话已过期，我们重新开始。",
      noticeIdentity: "从这里开始一段新的对话。",
      noticeAnonymous: "暂时无法确认您的身份，我们可能会请您提供订单号。",
      today: "今天",
      yesterday: "昨天",
    },
  };

  const LANG_TAGS = { en: "en", zh: "zh-CN" };

  let language = "en";

  /** The words of `key` in the language shown now. */
  function t(key, ...values) {
    const words = WORDS[language][key];
    return typeof words === "function" ? words(...values) : words;
  }

  function browserLanguage() {
    return /^zh\b/i.test(navigator.language || "") ? "zh" : "en";
  }

  /** The locale of times and dates: the browser's own region where it speaks the language shown. */
  function locale() {
    const own = navigator.language || "";
    return own.toLowerCase().startsWith(language) ? own : { en: "en-GB", zh: "zh-CN" }[language];
  }

  // ---------------------------------------------------------------------------------------------- settings

  const script = document.currentScript || document.querySelector('script[src$="/widget.js"]');

  const settings = {
    /** Origin of the chat server: that of this script. */
    server: new URL(script.src, document.baseURI).origin,
    language: script.dataset.language || "auto",
    titles: {
      en: script.dataset.titleEn || script.dataset.title,
      zh: script.dataset.titleZh || script.dataset.title,
    },
    accent: /^#[0-9a-f]{6}$/i.test(script.dataset.accent || "") ? script.dataset.accent : null,
    nonce: script.nonce || "",
    identity: readIdentity(script.dataset.identity),
  };

  /** A signed identity as an object, or null for an anonymous visitor. A malformed one is anonymous. */
  function readIdentity(value) {
    if (!value) return null;
    try {
      const identity = typeof value === "string" ? JSON.parse(value) : value;
      return identity && identity.customer_ref && identity.signature ? identity : null;
    } catch {
      console.warn("crmbot: data-identity is not valid JSON; the visitor stays anonymous.");
      return null;
    }
  }

  // ----------------------------------------------------------------------------------------- page elements

  const wordings = new WeakMap();

  /** Gives a node words that follow the language: `{text: key | () => string, "aria-label": …}`. */
  function say(node, words) {
    const apply = () => {
      for (const [target, value] of Object.entries(words)) {
        const text = typeof value === "function" ? value() : t(value);
        if (target === "text") node.textContent = text;
        else node.setAttribute(target, text);
      }
    };
    wordings.set(node, apply);
    apply();
    return node;
  }

  function sayAgain(root) {
    for (const node of root.querySelectorAll("*")) wordings.get(node)?.();
  }

  /** An element. `props`: `words`, `on` (event handlers), and attributes (true, false and null as in HTML). */
  function el(tag, { words, on, ...attributes } = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === true) node.setAttribute(name, "");
      else if (value !== false && value != null) node.setAttribute(name, value);
    }
    if (words) say(node, words);
    for (const [event, handler] of Object.entries(on || {})) node.addEventListener(event, handler);
    node.append(...children.filter(Boolean));
    return node;
  }

  const ICONS = {
    chat: "M4 5.5h16v11h-9L6.5 20v-3.5H4z M8 9.5h8 M8 12.7h5",
    close: "M6 6l12 12 M18 6L6 18",
    down: "M6 9.5l6 6 6-6",
    send: "M12 19.5V5 M5.5 11L12 4.5l6.5 6.5",
    clip: "M4 7.5h16v11.5H4z M4 16l4.5-4.5 4 4 2.5-2.5 5 5 M15.6 10.2h.01",
    camera: "M4 8h3.5L9 5.5h6L16.5 8H20v11H4z M12 16.5a3.2 3.2 0 100-6.4 3.2 3.2 0 000 6.4z",
    mic: "M12 14.5a3 3 0 003-3v-5a3 3 0 00-6 0v5a3 3 0 003 3z M6 11.5a6 6 0 0012 0 M12 17.5V21 M9 21h6",
    stop: "M7 7h10v10H7z",
    bin: "M5 7h14 M9.5 7V4.5h5V7 M7 7l.8 12.5h8.4L17 7 M10.3 10.5v5.5 M13.7 10.5v5.5",
    play: "M8 5.5v13l10.5-6.5z",
    pause: "M8.5 6v12 M15.5 6v12",
    check: "M5 12.5l4.5 4.5L19 7.5",
    star: "M12 3.6l2.6 5.3 5.8.8-4.2 4.1 1 5.8-5.2-2.7-5.2 2.7 1-5.8L3.6 9.7l5.8-.8z",
  };

  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    svg.setAttribute("class", `icon icon-${name}`);
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
  }

  function iconButton(name, key, onClick, attributes = {}) {
    const words = { "aria-label": key, title: key };
    return el("button", { type: "button", words, on: { click: onClick }, ...attributes }, icon(name));
  }

  /** A button with words of ours: a key of WORDS or a function. */
  function textButton(className, text, onClick) {
    return el("button", { type: "button", class: className, words: { text }, on: { click: onClick } });
  }

  function clock(seconds) {
    const whole = Math.max(0, Math.round(seconds));
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  }

  function countCharacters(text) {
    let count = 0;
    for (const _ of text) count += 1;
    return count;
  }

  /** A name of our own for a message. `randomUUID` is missing on pages served without TLS. */
  function newId() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function pause(ms) {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  // ------------------------------------------------------------------------------------------------ memory

  /**
   * What survives a reload. The session and the language live in localStorage, shared by the tabs; the draft and
   * the unsent texts in sessionStorage, so that two tabs never send the same words. Where storage is refused,
   * everything still works and is forgotten with the page.
   */
  class Memory {
    #prefix;
    #fallback = new Map();

    constructor(server) {
      this.#prefix = `crmbot:${server}:`;
      this.sessionKey = `${this.#prefix}session`;
    }

    get session() {
      return this.#read("localStorage", "session");
    }
    set session(value) {
      this.#write("localStorage", "session", value);
    }
    get language() {
      return this.#read("localStorage", "language");
    }
    set language(value) {
      this.#write("localStorage", "language", value);
    }
    get draft() {
      return this.#read("sessionStorage", "draft") || "";
    }
    set draft(value) {
      this.#write("sessionStorage", "draft", value || null);
    }
    get unsent() {
      return this.#read("sessionStorage", "unsent");
    }
    set unsent(value) {
      this.#write("sessionStorage", "unsent", value);
    }
    get open() {
      return this.#read("sessionStorage", "open") === true;
    }
    set open(value) {
      this.#write("sessionStorage", "open", value || null);
    }

    #read(area, name) {
      try {
        return JSON.parse(window[area].getItem(this.#prefix + name));
      } catch {
        return this.#fallback.get(name) ?? null;
      }
    }

    #write(area, name, value) {
      this.#fallback.set(name, value);
      try {
        if (value === null) window[area].removeItem(this.#prefix + name);
        else window[area].setItem(this.#prefix + name, JSON.stringify(value));
      } catch {
        // Storage is refused or full; the fallback holds it for this page.
      }
    }
  }

  // ---------------------------------------------------------------------------------------------- protocol

  /** A call that was not answered as hoped. `status` 0 means that no answer came at all. */
  class ApiError extends Error {
    constructor(status, code, retryAfterS = null) {
      super(`${status} ${code}`);
      this.status = status;
      this.code = code;
      this.retryAfterS = retryAfterS;
    }

    /** True where the same call may succeed later without anybody changing it. */
    get passing() {
      return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
    }
  }

  /** The calls of protocol v1, one method each. They throw ApiError. */
  class Api {
    constructor(server) {
      this.server = server;
    }

    createVisitor(body) {
      return this.#json("POST", "/v1/chat/visitors", { body });
    }

    send(token, { clientId, text, payload, file }) {
      if (!file) {
        const body = payload == null ? { client_message_id: clientId, text } : { client_message_id: clientId, payload };
        return this.#json("POST", "/v1/chat/messages", { token, body });
      }
      const form = new FormData();
      form.append("client_message_id", clientId);
      if (text) form.append("text", text);
      form.append("file", file, file.name || (file.type.startsWith("audio/") ? "voice-note" : "photo"));
      return this.#json("POST", "/v1/chat/messages", { token, form, timeoutS: 180 });
    }

    async messages(token, after, waitS = 0, signal = undefined) {
      const path = `/v1/chat/messages?after=${after}&wait=${waitS}`;
      const answer = await this.#json("GET", path, { token, timeoutS: waitS + 15, signal });
      if (!Array.isArray(answer?.messages)) throw new ApiError(0, "malformed");
      return answer.messages.filter(isMessage);
    }

    rate(token, score, comment) {
      const body = comment ? { score, comment } : { score };
      return this.#json("POST", "/v1/chat/rating", { token, body });
    }

    /** The bytes of an attachment. The token goes to our own server alone, whatever the address says. */
    async media(token, address) {
      const url = new URL(address, this.server);
      if (url.origin !== this.server) throw new ApiError(403, "foreign_address");
      const response = await this.#fetch("GET", url, { token, timeoutS: 60 });
      return response.blob();
    }

    socket() {
      return new WebSocket(`${this.server.replace(/^http/, "ws")}/v1/chat/stream`);
    }

    async #json(method, path, options) {
      const response = await this.#fetch(method, new URL(path, this.server), options);
      if (response.status === 204) return null;
      try {
        return await response.json();
      } catch {
        throw new ApiError(0, "cut_off");
      }
    }

    async #fetch(method, url, { token, body, form, timeoutS = 30, signal }) {
      const headers = {};
      if (token) headers.Authorization = `Bearer ${token}`;
      if (body) headers["Content-Type"] = "application/json";
      const stopper = new AbortController();
      const timer = setTimeout(() => stopper.abort(), timeoutS * 1000);
      const stop = () => stopper.abort();
      signal?.addEventListener("abort", stop);
      let response;
      try {
        response = await fetch(url, {
          method,
          headers,
          body: form || (body && JSON.stringify(body)),
          credentials: "omit",
          cache: "no-store",
          signal: stopper.signal,
        });
      } catch {
        throw new ApiError(0, "unreachable");
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener("abort", stop);
      }
      if (response.ok) return response;
      const answer = await response.json().catch(() => null);
      const retryAfterS = Number(response.headers.get("Retry-After")) || null;
      throw new ApiError(response.status, answer?.error?.code || "unknown", retryAfterS);
    }
  }

  /** The words for a message that was not taken. */
  function problemOf(error, outgoing) {
    if (error.status === 0) return navigator.onLine === false ? "problemOffline" : "problemBusy";
    if (error.status === 429) return "problemTooFast";
    if (error.passing) return "problemBusy";
    if (error.status === 413) return outgoing.file ? "problemFileTooLarge" : "problemTooLong";
    if (error.status === 415) return "problemFileType";
    const known = {
      unreadable_media: "problemFileUnreadable",
      empty_message: "problemEmpty",
      unknown_payload: "problemButton",
    };
    return known[error.code] || "problemRefused";
  }

  /** Waiting time before try number `failures` + 1: doubling to 30 s, with a share of chance. */
  function backoffMs(failures, retryAfterS = null) {
    const doubled = Math.min(30_000, 1000 * 2 ** Math.min(failures, 5));
    return Math.max(doubled * (0.75 + Math.random() / 2), (retryAfterS || 0) * 1000);
  }

  // ------------------------------------------------------------------------------------------ conversation

  /**
   * The conversation as this page knows it: the server's messages by `seq`, and the visitor's own that are not
   * on the list yet (`outgoing`: `{clientId, text, payload, title, file, at, state, problem, messageId}` with
   * state "sending" | "waiting" (tried again by itself) | "failed" (needs the visitor) | "sent").
   *
   * Events: "change" (render again), "reset" (another conversation), "matched" (`detail`: outgoing and its
   * message), "typing", "connection".
   */
  class Conversation extends EventTarget {
    messages = new Map();
    outgoing = [];
    notices = [];
    connection = "idle";
    identity = null;
    #api;
    #memory;
    #link = null;
    #readUpTo = 0; // every message up to here has been read
    #held = []; // messages that wait for the answer of a send in flight
    #heldTimer = 0;
    #draining = false;
    #retryTimer = 0;
    #era = 0; // rises with every reset; an answer to an older era is dropped

    constructor(api, memory, identity) {
      super();
      this.#api = api;
      this.#memory = memory;
      this.identity = identity;
      this.#restoreUnsent();
    }

    get session() {
      return this.#memory.session;
    }

    get customerRef() {
      return this.identity?.customer_ref ?? null;
    }

    /** Takes up the conversation that an earlier page left, if it is this visitor's. */
    start() {
      if (this.session && (this.session.customer_ref ?? null) !== this.customerRef) this.#forgetVisitor();
      if (this.session) this.#connect();
      if (this.outgoing.length) this.#drain();
      addEventListener("storage", (event) => {
        if (event.key === this.#memory.sessionKey) this.#followOtherTab(event);
      });
      addEventListener("online", () => {
        this.#setConnection("idle");
        this.wake();
      });
      addEventListener("offline", () => this.#setConnection("offline"));
      document.addEventListener("visibilitychange", () => document.hidden || this.wake());
    }

    /** Another customer, or none, uses the page from now on. */
    identify(identity) {
      const before = this.customerRef;
      this.identity = identity;
      if (before === this.customerRef) return;
      if (before !== null) this.outgoing = []; // one customer's words never go into another's conversation
      const had = this.session !== null;
      this.#forgetVisitor();
      this.#reset(had ? "noticeIdentity" : null);
    }

    send({ text = "", payload = null, title = null, file = null }) {
      const at = new Date().toISOString();
      this.outgoing.push(unsent({ clientId: newId(), text, payload, title, file, at }));
      this.#changed();
      this.#drain();
    }

    retry(outgoing) {
      outgoing.state = "sending";
      this.#changed();
      this.#drain();
    }

    /** Takes an unsent message back. */
    withdraw(outgoing) {
      this.outgoing = this.outgoing.filter((each) => each !== outgoing);
      this.#changed();
    }

    async rate(score, comment) {
      try {
        await this.#api.rate(await this.#token(), score, comment);
      } catch (error) {
        if (error.status === 401) this.#beginAnew();
        throw error;
      }
    }

    async media(address) {
      return this.#api.media(this.session?.token, address);
    }

    /** Tries at once whatever is waiting for its time. */
    wake() {
      this.#drain();
      this.#link?.wake();
    }

    get unread() {
      const read = this.session?.read ?? 0;
      let count = 0;
      for (const { seq, author } of this.messages.values()) if (seq > read && author !== "customer") count += 1;
      return count;
    }

    markRead() {
      const session = this.session;
      const last = Math.max(0, ...this.messages.keys());
      if (!session || last <= (session.read ?? 0)) return;
      this.#memory.session = { ...session, read: last };
      this.#changed();
    }

    isRated(message) {
      return (this.session?.rated ?? []).includes(message.message_id);
    }

    noteRated(message) {
      const session = this.session;
      if (session) this.#memory.session = { ...session, rated: [...(session.rated ?? []), message.message_id] };
    }

    // -- what the link brings

    get token() {
      return this.session?.token ?? null;
    }

    /**
     * Where reading must begin so that nothing is missed: after the last message read without a gap, or before
     * the oldest recent voice note whose transcript is still to come (it arrives under the old `seq`).
     */
    get readFrom() {
      const recent = [...this.messages.keys()].sort((a, b) => a - b).slice(-20);
      const unheard = recent.find((seq) => isUnheard(this.messages.get(seq)));
      return unheard === undefined ? this.#readUpTo : Math.min(this.#readUpTo, unheard - 1);
    }

    get readUpTo() {
      return this.#readUpTo;
    }

    acceptAll(messages) {
      for (const message of messages) this.#accept(message);
      this.#readUpTo = Math.max(this.#readUpTo, ...messages.map(({ seq }) => seq));
    }

    /** One message of the stream. False when messages before it are missing. */
    acceptNext(message) {
      this.#accept(message);
      if (message.seq > this.#readUpTo + 1) return false;
      this.#readUpTo = Math.max(this.#readUpTo, message.seq);
      return true;
    }

    typing() {
      this.dispatchEvent(new CustomEvent("typing"));
    }

    #accept(message) {
      if (this.#mustHold(message)) {
        this.#held.push(message);
        this.#heldTimer ||= setTimeout(() => this.#release(), 3000);
        return;
      }
      this.messages.set(message.seq, message);
      const outgoing = this.outgoing.find((each) => each.messageId === message.message_id);
      if (outgoing) this.#match(outgoing, message);
      this.#changed();
    }

    /**
     * Our own message may come over the stream before the answer that tells its id. It waits for that answer, and
     * what follows waits behind it, so that it is never shown twice.
     */
    #mustHold(message) {
      if (this.messages.has(message.seq)) return false;
      if (this.#held.length) return true;
      const known = this.outgoing.some((each) => each.messageId === message.message_id);
      return message.author === "customer" && !known && this.outgoing.some(({ inFlight }) => inFlight);
    }

    #release() {
      clearTimeout(this.#heldTimer);
      this.#heldTimer = 0;
      const held = this.#held;
      this.#held = [];
      for (const message of held) {
        this.messages.set(message.seq, message);
        const outgoing = this.outgoing.find((each) => each.messageId === message.message_id);
        if (outgoing) this.#match(outgoing, message);
      }
      if (held.length) this.#changed();
    }

    #match(outgoing, message) {
      this.outgoing = this.outgoing.filter((each) => each !== outgoing);
      this.dispatchEvent(new CustomEvent("matched", { detail: { outgoing, message } }));
    }

    // -- sending, one at a time and in order

    async #drain() {
      if (this.#draining) return;
      this.#draining = true;
      clearTimeout(this.#retryTimer);
      try {
        for (let next; (next = this.#nextToSend()); ) if (!(await this.#deliver(next))) break;
      } finally {
        this.#draining = false;
      }
    }

    #nextToSend() {
      return this.outgoing.find(({ state }) => state === "sending" || state === "waiting");
    }

    /** Sends one message. False when the queue must wait for better times. */
    async #deliver(outgoing) {
      const era = this.#era;
      outgoing.state = "sending";
      outgoing.inFlight = true;
      this.#changed();
      try {
        const { message_id: messageId } = await this.#api.send(await this.#token(), outgoing);
        if (era === this.#era) this.#settle(outgoing, messageId);
        return true;
      } catch (error) {
        if (era !== this.#era) return true;
        return this.#handleRefusal(outgoing, error);
      } finally {
        outgoing.inFlight = false;
        this.#release();
        this.#changed();
      }
    }

    #settle(outgoing, messageId) {
      outgoing.state = "sent";
      outgoing.problem = null;
      outgoing.messageId = messageId;
      const message = [...this.messages.values()].find((each) => each.message_id === messageId);
      if (message) this.#match(outgoing, message);
      else setTimeout(() => this.outgoing.includes(outgoing) && this.#link?.restart(), 5000);
    }

    #handleRefusal(outgoing, error) {
      outgoing.failures += 1;
      if (error.status === 401 && outgoing.failures < 3) {
        this.#beginAnew();
        return true;
      }
      outgoing.problem = problemOf(error, outgoing);
      if (!error.passing && error.status !== 401) {
        outgoing.state = "failed";
        return true;
      }
      outgoing.state = "waiting";
      this.#retryTimer = setTimeout(() => this.#drain(), backoffMs(outgoing.failures - 1, error.retryAfterS));
      return false;
    }

    // -- who we are to the server

    async #token() {
      if (this.session) return this.session.token;
      const era = this.#era;
      const visitor = await this.#createVisitor();
      if (era !== this.#era) throw new ApiError(0, "superseded");
      this.#memory.session = {
        token: visitor.visitor_token,
        conversation_id: visitor.conversation_id,
        customer_ref: this.customerRef,
        read: 0,
      };
      this.#connect();
      return visitor.visitor_token;
    }

    async #createVisitor() {
      if (!this.identity) return this.#api.createVisitor({ language });
      try {
        return await this.#api.createVisitor({ language, identity: this.identity });
      } catch (error) {
        if (error.passing) throw error;
        console.warn(`crmbot: the identity was not accepted (${error.code}); the visitor stays anonymous.`);
        if (!this.notices.includes("noticeAnonymous")) this.notices.push("noticeAnonymous");
        return this.#api.createVisitor({ language });
      }
    }

    /** The server no longer knows us: what is unsent stays, and goes into a new conversation. */
    #beginAnew() {
      this.#forgetVisitor();
      this.#reset("noticeAnew");
    }

    #forgetVisitor() {
      this.#memory.session = null;
      this.#link?.stop();
      this.#link = null;
    }

    #reset(notice) {
      this.#era += 1;
      clearTimeout(this.#heldTimer);
      this.#heldTimer = 0;
      this.#held = [];
      this.#readUpTo = 0;
      this.messages.clear();
      this.notices = notice ? [notice] : [];
      this.outgoing = this.outgoing.filter(({ state }) => state !== "sent");
      this.connection = "idle";
      this.dispatchEvent(new CustomEvent("reset"));
      this.#changed();
    }

    #followOtherTab({ oldValue, newValue }) {
      const tokenOf = (value) => (value ? JSON.parse(value)?.token : undefined);
      if (tokenOf(oldValue) === tokenOf(newValue)) return this.#changed();
      if (newValue && (JSON.parse(newValue).customer_ref ?? null) !== this.customerRef) return undefined;
      this.#link?.stop();
      this.#link = null;
      this.#reset(null);
      if (this.session) this.#connect();
      return undefined;
    }

    #connect() {
      this.#link?.stop();
      this.#link = new Link(this.#api, this, {
        onState: (state) => this.#setConnection(state),
        onUnknown: () => {
          this.#beginAnew();
          this.#drain();
        },
      });
    }

    #setConnection(state) {
      if (this.connection === state) return;
      this.connection = state;
      this.dispatchEvent(new CustomEvent("connection"));
    }

    #changed() {
      const kept = this.outgoing
        .filter(({ state }) => state !== "sent")
        .map(({ file, ...each }) => ({ ...each, caption: file !== null }));
      this.#memory.unsent = kept.length ? { customer_ref: this.customerRef, messages: kept } : null;
      this.dispatchEvent(new CustomEvent("change"));
    }

    /** Takes up what an earlier page could not send. A file does not survive a reload; its caption becomes a draft. */
    #restoreUnsent() {
      const kept = this.#memory.unsent;
      if (!kept || kept.customer_ref !== this.customerRef) return;
      const captions = kept.messages.filter(({ caption }) => caption).map(({ text }) => text);
      this.#memory.draft = [...captions, this.#memory.draft].filter(Boolean).join("\n");
      this.outgoing = kept.messages.filter(({ caption }) => !caption).map((each) => unsent({ ...each, file: null }));
      this.#changed();
    }
  }

  function unsent(message) {
    return { ...message, state: "sending", problem: null, failures: 0, inFlight: false, messageId: null };
  }

  function isMessage(value) {
    return Boolean(value) && Number.isInteger(value.seq) && typeof value.message_id === "string";
  }

  function isUnheard(message) {
    const unheard = ({ kind, transcript }) => kind === "audio" && transcript == null;
    return message.author === "customer" && (message.attachments ?? []).some(unheard);
  }

  // -------------------------------------------------------------------------------------------------- link

  /**
   * Brings the server's messages into a conversation: over the WebSocket, or by long-polling where sockets do not
   * get through. After every interruption it reads on from the last message known, so that none is missed.
   */
  class Link {
    #api;
    #conversation;
    #token;
    #onState;
    #onUnknown;
    #stopper = new AbortController();
    #socket = null;
    #wake = () => {};
    #socketFailures = 0;
    #pollUntil = 0;

    constructor(api, conversation, { onState, onUnknown }) {
      this.#api = api;
      this.#conversation = conversation;
      this.#token = conversation.token;
      this.#onState = onState;
      this.#onUnknown = onUnknown;
      this.#run();
    }

    stop() {
      this.#stopper.abort();
      this.#socket?.close();
      this.#wake();
    }

    /** Ends a pause between two tries; over a live socket, reads what it may have missed. */
    wake() {
      this.#wake();
      if (this.#socket?.readyState !== WebSocket.OPEN || document.hidden) return;
      this.#readOn().then(
        () => this.#onState("online"),
        () => this.#socket?.close(),
      );
    }

    /** The stream has missed something that is known to exist: connect afresh. */
    restart() {
      if (this.#socket) this.#socket.close();
      else this.#wake();
    }

    get #stopped() {
      return this.#stopper.signal.aborted;
    }

    async #run() {
      for (let failures = 0; !this.#stopped; ) {
        try {
          await this.#readOn();
          if (this.#stopped) return;
          this.#onState("online");
          failures = 0;
          if (Date.now() < this.#pollUntil) await this.#poll();
          else await this.#listen();
        } catch (error) {
          if (this.#stopped) return;
          if (!(error instanceof ApiError)) throw error;
          if (error.status === 401) return this.#onUnknown();
          failures += 1;
        }
        if (this.#stopped) return;
        if (failures) this.#onState(navigator.onLine === false ? "offline" : "reconnecting");
        await this.#rest(failures ? backoffMs(failures - 1) : 250);
      }
    }

    async #rest(ms) {
      await Promise.race([pause(ms), new Promise((resolve) => (this.#wake = resolve))]);
      this.#wake = () => {};
    }

    async #readOn() {
      for (let more = true; more && !this.#stopped; ) {
        const messages = await this.#api.messages(this.#token, this.#conversation.readFrom, 0, this.#stopper.signal);
        if (this.#stopped) return;
        const before = this.#conversation.readUpTo;
        this.#conversation.acceptAll(messages);
        more = messages.length >= 50 && this.#conversation.readUpTo > before; // there may be a next page
      }
    }

    async #poll() {
      const began = Date.now();
      const { readUpTo } = this.#conversation;
      const messages = await this.#api.messages(this.#token, readUpTo, POLL_WAIT_S, this.#stopper.signal);
      if (this.#stopped) return;
      this.#conversation.acceptAll(messages);
      if (!messages.length && Date.now() - began < 1000) await this.#rest(2000); // a server that does not wait
    }

    /** Resolves when the socket is closed. */
    #listen() {
      return new Promise((resolve) => {
        let frames = 0;
        let socket;
        try {
          socket = this.#api.socket();
        } catch {
          this.#pollUntil = Infinity; // the page's policy forbids sockets
          resolve();
          return;
        }
        this.#socket = socket;
        const began = Date.now();
        socket.addEventListener("open", () => {
          socket.send(JSON.stringify({ token: this.#token, after: this.#conversation.readFrom }));
        });
        socket.addEventListener("message", ({ data }) => {
          frames += 1;
          if (!this.#stopped) this.#take(data);
        });
        socket.addEventListener("close", () => {
          if (this.#socket === socket) this.#socket = null;
          this.#judgeSocket(frames > 0 || Date.now() - began > 5000);
          resolve();
        });
      });
    }

    /** Twice no use of a socket while plain calls are answered: a proxy does not let it through. */
    #judgeSocket(useful) {
      this.#socketFailures = useful ? 0 : this.#socketFailures + 1;
      if (this.#socketFailures < 2) return;
      this.#socketFailures = 0;
      this.#pollUntil = Date.now() + SOCKET_REST_MS;
    }

    #take(data) {
      let frame;
      try {
        frame = JSON.parse(data);
      } catch {
        return;
      }
      if (frame?.typing) this.#conversation.typing();
      else if (isMessage(frame) && !this.#conversation.acceptNext(frame)) {
        this.#readOn().catch(() => this.#socket?.close());
      }
    }
  }

  // ------------------------------------------------------------------------------------------------- sound

  const RECORDING_TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];

  /** Records one voice note. `start` throws an Error whose message is a key of WORDS. */
  class Recorder {
    #stream = null;
    #recorder = null;
    #parts = [];
    #cancelled = false;

    async start() {
      if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder) throw new Error("microphoneUnsupported");
      try {
        const audio = { echoCancellation: true, noiseSuppression: true };
        this.#stream = await navigator.mediaDevices.getUserMedia({ audio });
      } catch (error) {
        const refused = { NotAllowedError: "microphoneRefused", SecurityError: "microphoneRefused" };
        const missing = { NotFoundError: "microphoneMissing", DevicesNotFoundError: "microphoneMissing" };
        throw new Error(refused[error.name] || missing[error.name] || "microphoneFailed");
      }
      if (this.#cancelled) return this.#letGo();
      const mimeType = RECORDING_TYPES.find((type) => MediaRecorder.isTypeSupported(type));
      try {
        this.#recorder = new MediaRecorder(this.#stream, { mimeType, audioBitsPerSecond: 48_000 });
        this.#recorder.addEventListener("dataavailable", ({ data }) => data.size && this.#parts.push(data));
        this.#recorder.start(1000); // in parts, so that a crash of the encoder loses a second and not the note
      } catch {
        this.#letGo();
        throw new Error("microphoneFailed");
      }
      return undefined;
    }

    /** The recording as a file, or null when nothing was recorded. */
    async stop() {
      const recorder = this.#recorder;
      if (recorder && recorder.state !== "inactive") {
        const stopped = new Promise((resolve) => recorder.addEventListener("stop", resolve, { once: true }));
        recorder.stop();
        await stopped;
      }
      this.#letGo();
      const type = (recorder?.mimeType || "audio/webm").split(";")[0];
      if (this.#cancelled || !this.#parts.length) return null;
      return new File(this.#parts, `voice-note.${type.split("/")[1]}`, { type });
    }

    cancel() {
      this.#cancelled = true;
      if (this.#recorder && this.#recorder.state !== "inactive") this.#recorder.stop();
      this.#letGo();
    }

    #letGo() {
      for (const track of this.#stream?.getTracks() ?? []) track.stop();
    }
  }

  /** A small player of one sound: play and pause, position, time. */
  function player(url) {
    const audio = el("audio", { src: url, preload: "metadata" });
    const time = el("span", { class: "player-time" });
    const position = el("input", { type: "range", min: 0, max: 1000, value: 0, words: { "aria-label": "position" } });
    const button = el("button", { type: "button", class: "player-button" }, icon("play"), icon("pause"));
    const known = () => Number.isFinite(audio.duration) && audio.duration > 0;
    const show = () => {
      time.textContent = clock(audio.paused && !audio.currentTime && known() ? audio.duration : audio.currentTime);
      position.value = known() ? String(Math.round((audio.currentTime / audio.duration) * 1000)) : "0";
      position.setAttribute("aria-valuetext", clock(audio.currentTime));
      button.classList.toggle("playing", !audio.paused);
      say(button, { "aria-label": audio.paused ? "play" : "pause" });
    };
    audio.addEventListener("loadedmetadata", () => {
      if (audio.duration !== Infinity) return;
      // A recorded note does not say how long it is until it has been read to its end.
      audio.addEventListener("durationchange", () => (audio.currentTime = 0), { once: true });
      audio.currentTime = 1e7;
    });
    for (const event of ["timeupdate", "play", "pause", "ended", "durationchange", "seeked"]) {
      audio.addEventListener(event, show);
    }
    button.addEventListener("click", () => (audio.paused ? audio.play().catch(show) : audio.pause()));
    position.addEventListener("input", () => known() && (audio.currentTime = (position.value / 1000) * audio.duration));
    show();
    return el("div", { class: "player" }, button, position, time, audio);
  }

  // ---------------------------------------------------------------------------------------------- messages

  /** A message of the list as one shows it. */
  function entryOf(message, conversation, newestSeq) {
    const mine = message.author === "customer";
    return {
      author: mine || message.author === "staff" ? message.author : "bot",
      text: String(message.text ?? ""),
      at: message.at,
      media: (message.attachments ?? []).map(({ kind, url, mime, transcript }) => ({ kind, url, mime, transcript })),
      buttons: mine ? [] : (message.buttons ?? []),
      answered: message.seq < newestSeq.customer,
      survey: !mine && message.survey === true && message.seq === newestSeq.survey ? message : null,
      rated: conversation.isRated(message),
      state: mine ? "sent" : null,
    };
  }

  /** A message on its way as one shows it. */
  function entryOfOutgoing(outgoing) {
    const media = outgoing.file ? [{ kind: kindOf(outgoing.file), file: outgoing.file, mime: outgoing.file.type }] : [];
    const { at, state, problem, title, text } = outgoing;
    return { author: "customer", text: title ?? text, at, media, buttons: [], state, problem, outgoing };
  }

  function kindOf(file) {
    if (file.type.startsWith("image/")) return "image";
    return file.type.startsWith("audio/") || file.type === "video/webm" ? "audio" : "file";
  }

  /** Text with its web addresses as links, as nodes; nothing in it is read as HTML. */
  function linked(text) {
    const address = /(https?:\/\/[^\s<>"'，。；！？（）]+[^\s<>"'，。；！？（）.,;:!?)])/u;
    const link = (part) => el("a", { href: part, target: "_blank", rel: "noopener noreferrer nofollow" }, part);
    return text.split(address).map((part, index) => (index % 2 ? link(part) : part));
  }

  /**
   * One message in the log, updated in place. `actions`: `press(button)`, `retry(outgoing)`, `edit(outgoing)`,
   * `loadMedia(url)`, `enlarge(img)`, `rate(message, score, comment)`, `watch(node, callback)`.
   */
  class MessageView {
    #actions;
    #author = el("span");
    #text = el("div", { class: "text", dir: "auto" });
    #media = el("div", { class: "media" });
    #bubble = el("div", { class: "bubble" }, this.#media, this.#text);
    #choices = el("div", { class: "choices", role: "group", words: { "aria-label": "choices" } });
    #time = el("time");
    #state = el("span", { class: "state" });
    #tools = el("span", { class: "tools" });
    #survey = null;
    #shown = {};
    #urls = new Set();
    #mediaViews = [];

    constructor(actions) {
      this.#actions = actions;
      const meta = el("div", { class: "meta" }, this.#time, this.#state, this.#tools);
      this.node = el("div", { class: "message" }, this.#author, this.#bubble, this.#choices, meta);
    }

    show(entry) {
      this.node.className = `message ${entry.author} ${entry.state ?? ""}`;
      this.#part("author", entry.author, () => this.#showAuthor(entry.author));
      this.#part("text", entry.text, () => {
        this.#text.hidden = !entry.text;
        this.#text.replaceChildren(...(entry.author === "customer" ? [entry.text] : linked(entry.text)));
      });
      this.#showMedia(entry);
      this.#showChoices(entry);
      this.#showSurvey(entry);
      this.#part("at", entry.at, () => this.#showTime(entry.at));
      this.#part("state", [entry.state, entry.problem], () => this.#showState(entry));
      this.#bubble.hidden = !entry.text && !entry.media.length && !entry.survey;
    }

    /** Ends the life of this view: its blob addresses are given back. */
    dispose() {
      for (const url of this.#urls) URL.revokeObjectURL(url);
      this.node.remove();
    }

    /** Draws one part when its value is another than last time. */
    #part(name, value, draw) {
      const mark = JSON.stringify(value) ?? "";
      if (this.#shown[name] === mark) return;
      this.#shown[name] = mark;
      draw();
    }

    /** Staff are named for all to see, the others for those who listen. */
    #showAuthor(author) {
      const staff = author === "staff";
      this.#author.className = staff ? "author" : "hidden";
      say(this.#author, { text: () => t(author === "customer" ? "you" : author) + (staff ? "" : ": ") });
    }

    #showTime(at) {
      const date = new Date(at);
      if (Number.isNaN(date.getTime())) return;
      this.#time.dateTime = date.toISOString();
      const format = { hour: "2-digit", minute: "2-digit" };
      say(this.#time, { text: () => new Intl.DateTimeFormat(locale(), format).format(date) });
    }

    #showState({ state, problem, outgoing }) {
      this.#tools.replaceChildren();
      this.#state.replaceChildren();
      wordings.delete(this.#state);
      if (state === "sent") this.#state.append(icon("check"), el("span", { class: "hidden", words: { text: "sent" } }));
      else if (state) this.#state.append(el("span", { words: { text: problem || "sending" } }));
      if (!problem || state === "sending" || state === "sent") return;
      this.#tools.append(textButton("link", "retry", () => this.#actions.retry(outgoing)));
      if (state !== "failed") return;
      const takeBack = outgoing.payload == null ? "edit" : "discard";
      this.#tools.append(textButton("link", takeBack, () => this.#actions.edit(outgoing)));
    }

    // -- photos, voice notes and files

    #showMedia({ media, author }) {
      media.forEach((each, index) => {
        const view = this.#mediaViews[index];
        // What was shown from the visitor's own file, without an address, stays when the server's copy is named.
        const same = view?.kind === each.kind && (!view.url || !each.url || view.url === each.url);
        if (!same) this.#placeMedia(each, index, author);
        this.#mediaViews[index].url = each.url ?? this.#mediaViews[index].url;
        this.#showTranscript(this.#mediaViews[index], each.transcript);
      });
      this.#media.hidden = !media.length;
    }

    #placeMedia({ kind, url, file }, index, author) {
      const content = el("div", { class: `attachment ${kind}` });
      const node = el("div", {}, content);
      const before = this.#mediaViews[index]?.node;
      if (before) before.replaceWith(node);
      else this.#media.append(node);
      this.#mediaViews[index] = { kind, url, node, transcript: null };
      if (file) this.#fill(content, kind, this.#keep(file), author);
      else if (kind === "file") this.#offerDownload(content, url);
      else this.#actions.watch(content, () => this.#load(content, kind, url, author));
    }

    async #load(content, kind, url, author) {
      content.replaceChildren(el("span", { class: "loading", words: { text: "loading" } }));
      try {
        this.#fill(content, kind, this.#keep(await this.#actions.loadMedia(url)), author);
      } catch {
        const again = textButton("link", "retry", () => this.#load(content, kind, url, author));
        content.replaceChildren(el("span", { words: { text: "mediaFailed" } }), again);
      }
    }

    #keep(blob) {
      const url = URL.createObjectURL(blob);
      this.#urls.add(url);
      return url;
    }

    #fill(content, kind, blobUrl, author) {
      if (kind === "audio") return content.replaceChildren(player(blobUrl));
      const alt = author === "customer" ? "photoFromYou" : "photoFromUs";
      const image = el("img", { src: blobUrl, words: { alt } });
      image.addEventListener("error", () => content.replaceChildren(el("span", { words: { text: "mediaFailed" } })));
      image.addEventListener("load", () => this.#actions.grown());
      const enlarge = () => this.#actions.enlarge(image);
      const photo = { type: "button", class: "photo", words: { title: "enlarge" }, on: { click: enlarge } };
      return content.replaceChildren(el("button", photo, image));
    }

    #offerDownload(content, url) {
      const save = async () => {
        const blobUrl = this.#keep(await this.#actions.loadMedia(url));
        el("a", { href: blobUrl, download: url.split("/").pop() }).click();
      };
      const onClick = () => save().catch(() => content.append(el("span", { words: { text: "mediaFailed" } })));
      content.append(textButton("link", "download", onClick));
    }

    #showTranscript(view, transcript) {
      if (!transcript || view.transcript === transcript) return;
      view.transcript = transcript;
      view.node.querySelector(".transcript")?.remove();
      view.node.append(el("p", { class: "transcript", dir: "auto", words: { text: () => t("heard", transcript) } }));
    }

    // -- buttons and rating

    #showChoices({ buttons, answered }) {
      this.#part("buttons", buttons, () => {
        this.#choices.replaceChildren(
          ...buttons.map((button) => {
            const node = textButton("choice", () => String(button.title), () => this.#choose(node, button));
            node.dir = "auto";
            return node;
          }),
        );
      });
      this.#choices.hidden = !buttons.length;
      if (answered) for (const node of this.#choices.children) node.disabled = true;
    }

    #choose(chosen, button) {
      for (const node of this.#choices.children) node.disabled = true;
      chosen.classList.add("chosen");
      this.#actions.press(button);
    }

    #showSurvey({ survey, rated }) {
      if (!survey || this.#survey) {
        if (this.#survey) this.#survey.hidden = !survey;
        return;
      }
      const thanks = () => el("p", { class: "survey", words: { text: "ratingThanks" } });
      this.#survey = rated ? thanks() : surveyForm(survey, this.#actions);
      this.#bubble.append(this.#survey);
    }
  }

  /** Stars from one to five with an optional comment. */
  function surveyForm(message, actions) {
    const name = `crmbot-score-${message.message_id}`;
    const stars = [1, 2, 3, 4, 5].map((score) =>
      el(
        "label",
        { class: "star", words: { title: () => t("stars")[score - 1] } },
        el("input", { type: "radio", name, value: score, words: { "aria-label": () => t("stars")[score - 1] } }),
        icon("star"),
      ),
    );
    const commentWords = { "aria-label": "comment", placeholder: "comment" };
    const comment = el("textarea", { rows: 2, maxlength: 1000, dir: "auto", words: commentWords });
    // For those who listen; the message itself has asked it for all to see.
    const question = el("legend", { class: "hidden", words: { text: "surveyQuestion" } });
    const problem = el("p", { class: "survey-problem", role: "alert" });
    const button = el("button", { type: "submit", class: "primary", words: { text: "rate" } });
    const form = el(
      "form",
      { class: "survey", novalidate: true },
      el("fieldset", {}, question, el("div", { class: "stars" }, ...stars)),
      comment,
      problem,
      button,
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const chosen = form.querySelector("input:checked");
      if (!chosen) return say(problem, { text: "ratingMissing" });
      button.disabled = true;
      try {
        await actions.rate(message, Number(chosen.value), comment.value.trim());
        form.replaceChildren(el("p", { role: "status", words: { text: "ratingThanks" } }));
      } catch {
        say(problem, { text: "ratingFailed" });
        button.disabled = false;
      }
      return undefined;
    });
    return form;
  }

  /** The scrolling list: welcome, notices, days, messages in the order of `seq`, then what is on its way. */
  class LogView {
    #conversation;
    #actions;
    #views = new Map(); // key -> MessageView
    #extras = new Map(); // key -> node
    #jump;
    #atEnd = true;
    #seen;

    constructor(conversation, actions) {
      this.#conversation = conversation;
      this.#seen = new IntersectionObserver((entries) => this.#onSeen(entries));
      const watch = (node, callback) => this.#watch(node, callback);
      this.#actions = { ...actions, watch, grown: () => this.#keepAtEnd() };
      this.log = el("div", { class: "log", role: "log", tabindex: 0, words: { "aria-label": "log" } });
      const jump = { type: "button", class: "jump", hidden: true, on: { click: () => this.scrollToEnd() } };
      this.#jump = el("button", jump, icon("down"), el("span", { words: { text: "newMessages" } }));
      this.node = el("div", { class: "log-frame" }, this.log, this.#jump);
      this.log.addEventListener("scroll", () => this.#onScroll(), { passive: true });
      new ResizeObserver(() => this.#keepAtEnd()).observe(this.log);
      conversation.addEventListener("matched", ({ detail }) => this.#rename(detail));
      conversation.addEventListener("reset", () => this.clear());
    }

    render() {
      const before = this.#views.size;
      const notice = (key) => this.#extra(`notice:${key}`, () => el("p", { class: "notice", words: { text: key } }));
      const welcome = this.#extra("welcome", () => this.#welcome());
      const begun = this.#conversation.messages.size + this.#conversation.outgoing.length > 0;
      welcome.querySelector(".choices").hidden = begun;
      const nodes = [...this.#conversation.notices.map(notice), welcome];
      const kept = new Set();
      let day = "";
      for (const [key, entry] of this.#entries()) {
        const entryDay = new Date(entry.at).toDateString();
        if (entryDay !== day) nodes.push(this.#extra(`day:${(day = entryDay)}`, () => dayLine(entry.at)));
        nodes.push(this.#view(key, entry).node);
        kept.add(key);
      }
      this.#dropOthers(kept, nodes);
      this.#place(nodes);
      if (this.#views.size > before) this.#onGrowth();
    }

    clear() {
      for (const view of this.#views.values()) view.dispose();
      this.#views.clear();
      this.#extras.clear();
      this.log.replaceChildren();
    }

    scrollToEnd() {
      this.log.scrollTop = this.log.scrollHeight;
      this.#atEnd = true;
      this.#jump.hidden = true;
    }

    #entries() {
      const messages = [...this.#conversation.messages.values()].sort((a, b) => a.seq - b.seq);
      const newest = (test) => messages.findLast(test)?.seq ?? 0;
      const newestSeq = {
        customer: this.#conversation.outgoing.length ? Infinity : newest(({ author }) => author === "customer"),
        survey: newest(({ survey }) => survey === true),
      };
      return [
        ...messages.map((message) => [message.message_id, entryOf(message, this.#conversation, newestSeq)]),
        ...this.#conversation.outgoing.map((outgoing) => [outgoing.clientId, entryOfOutgoing(outgoing)]),
      ];
    }

    #view(key, entry) {
      let view = this.#views.get(key);
      if (!view) this.#views.set(key, (view = new MessageView(this.#actions)));
      view.show(entry);
      return view;
    }

    #extra(key, make) {
      let node = this.#extras.get(key);
      if (!node) this.#extras.set(key, (node = make()));
      return node;
    }

    /** A message on its way has become one of the list: the same view goes on under its new name. */
    #rename({ outgoing, message }) {
      const view = this.#views.get(outgoing.clientId);
      if (!view || this.#views.has(message.message_id)) return;
      this.#views.delete(outgoing.clientId);
      this.#views.set(message.message_id, view);
    }

    #dropOthers(kept, nodes) {
      for (const [key, view] of this.#views) {
        if (kept.has(key)) continue;
        view.dispose();
        this.#views.delete(key);
      }
      for (const [key, node] of this.#extras) {
        if (nodes.includes(node)) continue;
        node.remove();
        this.#extras.delete(key);
      }
    }

    /** Puts the nodes in order, moving none that stands right: what moves would be read out again. */
    #place(nodes) {
      let after = null;
      for (const node of nodes) {
        const next = after ? after.nextSibling : this.log.firstChild;
        if (next !== node) this.log.insertBefore(node, next);
        after = node;
      }
    }

    #welcome() {
      const starters = [0, 1, 2].map((index) => {
        const text = () => t("starters")[index];
        return textButton("choice", text, () => this.#actions.start(text()));
      });
      return el(
        "div",
        { class: "message bot welcome" },
        el("div", { class: "bubble" }, el("div", { class: "text", words: { text: "welcome" } })),
        el("div", { class: "choices", role: "group", words: { "aria-label": "suggestions" } }, ...starters),
      );
    }

    #onGrowth() {
      const last = [...this.#conversation.messages.values()].pop();
      const own = this.#conversation.outgoing.length > 0;
      if (this.#atEnd || own) this.scrollToEnd();
      else if (last && last.author !== "customer") this.#jump.hidden = false;
    }

    #onScroll() {
      this.#atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 60;
      if (this.#atEnd) this.#jump.hidden = true;
    }

    #keepAtEnd() {
      if (this.#atEnd) this.scrollToEnd();
    }

    /** Calls back once when the node comes into sight: what nobody looks at is not fetched. */
    #watch(node, callback) {
      node.addEventListener("crmbot-seen", callback, { once: true });
      this.#seen.observe(node);
    }

    #onSeen(entries) {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        this.#seen.unobserve(target);
        target.dispatchEvent(new CustomEvent("crmbot-seen"));
      }
    }
  }

  function dayLine(at) {
    const date = new Date(at);
    const label = () => {
      const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 86_400_000);
      if (days === 0) return t("today");
      if (days === 1) return t("yesterday");
      return new Intl.DateTimeFormat(locale(), { dateStyle: "medium" }).format(date);
    };
    return el("p", { class: "day", words: { text: label } });
  }

  // ---------------------------------------------------------------------------------------------- composer

  /** Where the visitor writes, adds photos and records. `onSend({text, file})` is called for every message. */
  class Composer {
    #memory;
    #onSend;
    #attachments = []; // {file, kind, url, node}
    #recorder = null;
    #recordingTimer = 0;
    #recordingBegan = 0;

    constructor(memory, onSend) {
      this.#memory = memory;
      this.#onSend = onSend;
      this.#build();
      this.input.value = memory.draft;
      this.#onInput();
    }

    #build() {
      const inputWords = { "aria-label": "write", placeholder: "write" };
      this.input = el("textarea", { class: "input", rows: 1, dir: "auto", enterkeyhint: "send", words: inputWords });
      this.tray = el("div", { class: "tray", role: "group", hidden: true, words: { "aria-label": "waitingToSend" } });
      this.hint = el("p", { class: "hint", role: "status" });
      this.counter = el("p", { class: "counter", id: "counter", hidden: true });
      this.picker = el("input", { type: "file", hidden: true, accept: "image/*,audio/*", multiple: true });
      this.shutter = el("input", { type: "file", hidden: true, accept: "image/*", capture: "environment" });
      this.sendButton = iconButton("send", "send", () => {}, { type: "submit", class: "tool send" });
      this.writing = el(
        "div",
        { class: "writing" },
        iconButton("clip", "attach", () => this.picker.click(), { class: "tool attach" }),
        iconButton("camera", "camera", () => this.shutter.click(), { class: "tool camera" }),
        this.input,
        (this.recordButton = iconButton("mic", "record", () => this.#startRecording(), { class: "tool record" })),
      );
      this.elapsed = el("span", { class: "elapsed", role: "timer" }, "0:00");
      this.recording = el(
        "div",
        { class: "recording", role: "group", hidden: true, words: { "aria-label": "recording" } },
        iconButton("bin", "cancel", () => this.cancelRecording(), { class: "tool" }),
        el("span", { class: "dot" }),
        el("span", { words: { text: "recording" } }),
        this.elapsed,
        (this.stopButton = iconButton("stop", "stop", () => this.#stopRecording(), { class: "tool" })),
      );
      this.form = el("form", { class: "row", novalidate: true }, this.writing, this.recording, this.sendButton);
      const parts = [this.hint, this.tray, this.counter, this.form, this.picker, this.shutter];
      this.node = el("div", { class: "composer" }, ...parts);
      this.form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.#send();
      });
      this.input.addEventListener("input", () => this.#onInput());
      this.input.addEventListener("keydown", (event) => this.#onKey(event));
      this.input.addEventListener("paste", (event) => this.#onPaste(event));
      for (const chooser of [this.picker, this.shutter]) {
        chooser.addEventListener("change", () => {
          this.add(chooser.files);
          chooser.value = "";
        });
      }
    }

    get isRecording() {
      return this.#recorder !== null;
    }

    /** Puts an unsent message back to be changed. What is being written stays, above it. */
    putBack({ text, file }) {
      this.input.value = [this.input.value, text].filter(Boolean).join("\n");
      if (file) this.add([file]);
      this.#onInput();
    }

    /** Adds files to what is sent next; tells why one is not taken. */
    add(files) {
      this.#tell(null);
      for (const file of files) {
        if (!["image", "audio"].includes(kindOf(file))) this.#tell("onlyMedia");
        else if (!file.size) this.#tell("emptyFile");
        else if (this.#attachments.length >= ATTACHMENT_LIMIT) this.#tell("tooManyFiles");
        else this.#attach(file);
      }
    }

    #attach(file) {
      const kind = kindOf(file);
      const url = URL.createObjectURL(file);
      const name = () => (kind === "audio" ? t("voiceNote") : file.name || t("photo"));
      const picture = () => el("img", { src: url, words: { alt: () => t("photoPreview", name()) } });
      const preview = kind === "audio" ? player(url) : picture();
      const attachment = { file, kind, url };
      const onRemove = () => {
        this.#detach(attachment);
        this.focus();
      };
      const remove = iconButton("close", () => t("remove", name()), onRemove, { class: "remove" });
      attachment.node = el("div", { class: `pending ${kind}` }, preview, remove);
      this.#attachments.push(attachment);
      this.tray.append(attachment.node);
      this.#onInput();
    }

    #detach(attachment) {
      URL.revokeObjectURL(attachment.url);
      attachment.node.remove();
      this.#attachments = this.#attachments.filter((each) => each !== attachment);
      this.#onInput();
    }

    focus() {
      (this.isRecording ? this.stopButton : this.input).focus({ preventScroll: true });
    }

    #onInput() {
      const length = countCharacters(this.input.value);
      const over = length - TEXT_LIMIT;
      this.#memory.draft = this.input.value;
      this.tray.hidden = !this.#attachments.length;
      this.counter.hidden = length < COUNTER_FROM;
      this.counter.classList.toggle("over", over > 0);
      say(this.counter, { text: () => (over > 0 ? t("tooLong", over) : t("counter", length)) });
      this.input.toggleAttribute("aria-invalid", over > 0);
      this.input.setAttribute("aria-describedby", "counter");
      this.sendButton.disabled = over > 0 || !(this.isRecording || this.#attachments.length || this.input.value.trim());
      this.input.style.height = "auto";
      if (this.input.scrollHeight) this.input.style.height = `${Math.min(this.input.scrollHeight, 132)}px`;
    }

    /** The field's height follows its text once the panel is in sight. */
    refresh() {
      this.#onInput();
    }

    #onKey(event) {
      // While an input method is composing (pinyin, kana), Enter chooses a word and does not send.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.#send();
    }

    #onPaste(event) {
      const files = [...(event.clipboardData?.files ?? [])];
      if (!files.length) return;
      event.preventDefault();
      this.add(files);
    }

    async #send() {
      if (this.isRecording) await this.#stopRecording();
      const text = this.input.value.trim();
      if (countCharacters(this.input.value) > TEXT_LIMIT || !(text || this.#attachments.length)) return;
      this.#tell(null);
      const files = this.#attachments.map(({ file }) => file);
      for (const attachment of [...this.#attachments]) this.#detach(attachment);
      this.input.value = "";
      this.#onInput();
      this.#onSend({ text, file: files[0] ?? null });
      for (const file of files.slice(1)) this.#onSend({ text: "", file });
    }

    // -- recording

    async #startRecording() {
      if (this.isRecording) return;
      const recorder = new Recorder();
      this.#recorder = recorder;
      this.#tell("askingMicrophone");
      try {
        await recorder.start();
      } catch (error) {
        if (this.#recorder === recorder) this.#recorder = null;
        this.#tell(error.message);
        return;
      }
      if (this.#recorder !== recorder) return;
      this.#tell(null);
      this.#recordingBegan = performance.now();
      this.#recordingTimer = setInterval(() => this.#tick(), 250);
      this.#showRecording(true);
    }

    #tick() {
      const seconds = (performance.now() - this.#recordingBegan) / 1000;
      this.elapsed.textContent = clock(Math.min(seconds, RECORDING_LIMIT_S));
      if (seconds >= RECORDING_LIMIT_S) this.#stopRecording("recordingLimit");
    }

    /** Puts the note with what is sent next; `hint` is said beside it. */
    async #stopRecording(hint = null) {
      const recorder = this.#endRecording();
      if (!recorder) return;
      const file = await recorder.stop();
      if (file) this.#attach(file);
      this.#tell(file ? hint : "recordingEmpty");
      this.#showRecording(false);
    }

    cancelRecording() {
      const recorder = this.#endRecording();
      if (!recorder) return;
      recorder.cancel();
      this.#tell(null);
      this.#showRecording(false);
    }

    #endRecording() {
      clearInterval(this.#recordingTimer);
      const recorder = this.#recorder;
      this.#recorder = null;
      return recorder;
    }

    #showRecording(on) {
      this.writing.hidden = on;
      this.recording.hidden = !on;
      this.elapsed.textContent = "0:00";
      this.#onInput();
      if (on) this.stopButton.focus();
      else if (this.#attachments.length) this.sendButton.focus();
      else this.recordButton.focus();
    }

    #tell(key) {
      this.hint.hidden = !key;
      if (key) say(this.hint, { text: key });
      else this.hint.textContent = "";
    }
  }

  // ------------------------------------------------------------------------------------------------- panel

  /** The launcher and the panel, and everything that binds their parts together. */
  class Panel {
    #conversation;
    #memory;
    #typingTimer = 0;

    constructor(conversation, memory) {
      this.#conversation = conversation;
      this.#memory = memory;
      this.host = el("div", { id: "crmbot-widget" });
      this.root = this.host.attachShadow({ mode: "open" });
      applyStyles(this.root, settings);
      this.#build();
      this.#listen();
      this.#render();
      this.#showConnection();
      document.body.append(this.host);
      if (memory.open) this.open({ focus: false });
    }

    get isOpen() {
      return !this.panel.hidden;
    }

    /** Shows the panel; `text` is put into the field, after what is being written, for the visitor to send. */
    open({ focus = true, text = "" } = {}) {
      this.panel.hidden = false;
      this.#memory.open = true;
      this.#syncLauncher();
      this.#fitViewport();
      if (text) this.composer.putBack({ text });
      this.composer.refresh();
      this.logView.scrollToEnd();
      this.#noteRead();
      if (focus) this.#focusHome();
    }

    close() {
      if (!this.isOpen) return;
      this.composer.cancelRecording();
      this.panel.hidden = true;
      this.#memory.open = false;
      this.#syncLauncher();
      this.launcher.focus({ preventScroll: true });
    }

    setLanguage(next) {
      language = next === "zh" ? "zh" : "en";
      this.widget.lang = LANG_TAGS[language];
      sayAgain(this.root);
    }

    #build() {
      this.badge = el("span", { class: "badge", "aria-hidden": "true", hidden: true });
      const launcher = { type: "button", class: "launcher", "aria-controls": "panel" };
      this.launcher = el("button", launcher, icon("chat"), icon("down"), this.badge);
      this.title = el("h2", { id: "title", words: { text: () => settings.titles[language] || t("title") } });
      const switcher = textButton("switch", "otherLanguage", () => this.#switchLanguage());
      say(switcher, { text: "otherLanguage", lang: () => LANG_TAGS[language === "zh" ? "en" : "zh"] });
      const header = el(
        "header",
        {},
        el("span", { class: "mark" }, icon("chat")),
        el("div", { class: "names" }, this.title, el("p", { words: { text: "subtitle" } })),
        switcher,
        iconButton("close", "close", () => this.close(), { class: "tool" }),
      );
      this.strip = el("p", { class: "strip", role: "status", hidden: true });
      this.typing = el("div", { class: "typing", role: "status", hidden: true });
      this.logView = new LogView(this.#conversation, this.#actions());
      this.logView.node.append(this.typing);
      this.composer = new Composer(this.#memory, (message) => this.#conversation.send(message));
      this.dropZone = el("div", { class: "drop", hidden: true }, el("span", { words: { text: "drop" } }));
      this.panel = el(
        "section",
        { class: "panel", id: "panel", role: "dialog", "aria-labelledby": "title", hidden: true },
        header,
        this.strip,
        this.logView.node,
        this.composer.node,
        this.dropZone,
      );
      this.lightbox = el("dialog", { class: "lightbox" });
      this.lightbox.addEventListener("click", () => this.lightbox.close());
      // Language and state are told inside the shadow root, where the page's own styles cannot take hold of them.
      this.widget = el("div", { class: "widget", lang: LANG_TAGS[language] }, this.panel, this.launcher, this.lightbox);
      this.root.append(this.widget);
    }

    /** The visitor's own choice; it holds on every page that asks for the same language as this one. */
    #switchLanguage() {
      this.setLanguage(language === "zh" ? "en" : "zh");
      this.#memory.language = { chosen: language, page: settings.language };
    }

    #actions() {
      return {
        press: ({ title, payload }) => {
          this.#conversation.send({ payload, title: String(title) });
          this.#focusHome();
        },
        start: (text) => {
          this.#conversation.send({ text });
          this.#focusHome();
        },
        retry: (outgoing) => {
          this.#conversation.retry(outgoing);
          this.#focusHome();
        },
        edit: (outgoing) => {
          this.#conversation.withdraw(outgoing);
          if (outgoing.payload == null) this.composer.putBack(outgoing);
          this.#focusHome();
        },
        rate: async (message, score, comment) => {
          await this.#conversation.rate(score, comment);
          this.#conversation.noteRated(message);
          this.#focusHome();
        },
        loadMedia: (url) => this.#conversation.media(url),
        enlarge: (image) => this.#enlarge(image),
      };
    }

    #listen() {
      this.launcher.addEventListener("click", () => (this.isOpen ? this.close() : this.open()));
      this.#conversation.addEventListener("change", () => this.#render());
      this.#conversation.addEventListener("typing", () => this.#showTyping(true));
      this.#conversation.addEventListener("connection", () => this.#showConnection());
      this.panel.addEventListener("keydown", (event) => this.#onKey(event));
      document.addEventListener("visibilitychange", () => this.#noteRead());
      window.visualViewport?.addEventListener("resize", () => this.#fitViewport());
      window.visualViewport?.addEventListener("scroll", () => this.#fitViewport());
      for (const event of ["dragenter", "dragover", "dragleave", "drop"]) {
        this.panel.addEventListener(event, (dragged) => this.#onDrag(dragged));
      }
    }

    #render() {
      const newest = [...this.#conversation.messages.values()].reduce((a, b) => (a && a.seq > b.seq ? a : b), null);
      if (newest && newest.author !== "customer" && newest.seq !== this.newestAnswer) {
        this.newestAnswer = newest.seq;
        this.#showTyping(false);
      }
      this.logView.render();
      this.#noteRead();
      this.#syncLauncher();
    }

    #noteRead() {
      if (this.isOpen && !document.hidden) this.#conversation.markRead();
    }

    #syncLauncher() {
      const unread = this.isOpen ? 0 : this.#conversation.unread;
      this.badge.hidden = !unread;
      this.badge.textContent = unread > 9 ? "9+" : String(unread);
      this.widget.classList.toggle("open", this.isOpen);
      this.launcher.setAttribute("aria-expanded", String(this.isOpen));
      const label = () => (this.isOpen ? t("close") : unread ? `${t("open")} (${t("unread", unread)})` : t("open"));
      say(this.launcher, { "aria-label": label, title: label });
    }

    #showTyping(on) {
      clearTimeout(this.#typingTimer);
      if (on) this.#typingTimer = setTimeout(() => this.#showTyping(false), TYPING_SHOWN_MS);
      if (this.typing.hidden !== on) return;
      this.typing.hidden = !on;
      const dots = [1, 2, 3].map(() => el("span", { class: "typing-dot", "aria-hidden": "true" }));
      this.typing.replaceChildren(...(on ? [...dots, el("span", { class: "hidden", words: { text: "typing" } })] : []));
    }

    #showConnection() {
      const { connection } = this.#conversation;
      // An earlier conversation that is just being loaded is not read out message by message.
      const loading = connection === "idle" && this.#conversation.session;
      this.logView.log.setAttribute("aria-live", loading ? "off" : "polite");
      const key = { offline: "offline", reconnecting: "reconnecting" }[connection];
      this.strip.hidden = !key;
      if (key) say(this.strip, { text: key });
    }

    #onKey(event) {
      if (event.key !== "Escape" || event.isComposing) return;
      event.stopPropagation();
      if (this.composer.isRecording) this.composer.cancelRecording();
      else this.close();
    }

    #onDrag(event) {
      if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
      event.preventDefault();
      const leaving = event.type === "dragleave" && !this.panel.contains(event.relatedTarget);
      this.dropZone.hidden = event.type === "drop" || leaving;
      if (event.type !== "drop") return;
      this.composer.add(event.dataTransfer.files);
      this.composer.focus();
    }

    /** To the input field; on a touch screen to the log, so that the keyboard does not cover what is to be read. */
    #focusHome() {
      if (matchMedia("(pointer: coarse)").matches) this.logView.log.focus({ preventScroll: true });
      else this.composer.focus();
    }

    #enlarge(image) {
      const close = iconButton("close", "closePhoto", () => this.lightbox.close(), { class: "tool" });
      this.lightbox.replaceChildren(el("img", { src: image.src, alt: image.alt }), close);
      this.lightbox.showModal();
    }

    /** On a phone the panel keeps to what the on-screen keyboard leaves. */
    #fitViewport() {
      const viewport = window.visualViewport;
      if (!viewport) return;
      this.host.style.setProperty("--viewport-height", `${Math.round(viewport.height)}px`);
      this.host.style.setProperty("--viewport-top", `${Math.round(viewport.offsetTop)}px`);
    }
  }

  // ------------------------------------------------------------------------------------------------ styles

  const STYLES = `
    :host {
      all: initial;
      --accent: #1c5a55; --accent-strong: #154743; --on-accent: #ffffff;
      --surface: #ffffff; --ground: #f3f6f5; --raised: #e8eeec;
      --text: #1a2422; --muted: #56655f; --line: #d5dedb; --edge: #75847f;
      --danger: #a8201a; --star: #b26a00; --focus: #0b57d0;
      --shadow: 0 12px 40px rgb(16 40 36 / 18%), 0 2px 8px rgb(16 40 36 / 10%);
      position: fixed; inset-block-end: 20px; inset-inline-end: 20px; z-index: 2147483000;
      font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif;
      color: var(--text); color-scheme: light;
    }
    @media (prefers-color-scheme: dark) {
      :host {
        --accent: #2a7a71; --accent-strong: #32887f;
        --surface: #161c1b; --ground: #0f1413; --raised: #232c2a;
        --text: #e6edeb; --muted: #a0b0ab; --line: #2c3735; --edge: #74857f;
        --danger: #ff9a90; --star: #ffbf47; --focus: #8ab4f8;
        --shadow: 0 12px 40px rgb(0 0 0 / 55%), 0 0 0 1px #2c3735;
        color-scheme: dark;
      }
    }
    *, *::before, *::after { box-sizing: border-box; }
    [hidden] { display: none !important; }
    .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    button, input, textarea { font: inherit; color: inherit; letter-spacing: inherit; }
    button { cursor: pointer; border: 0; background: none; padding: 0; }
    button:disabled { cursor: default; }
    p, h2, fieldset { margin: 0; padding: 0; border: 0; min-width: 0; }
    :focus { outline: none; }
    :focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
    .icon { width: 22px; height: 22px; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; display: block; flex: none; }
    .link { color: inherit; text-decoration: underline; text-underline-offset: 2px; padding: 2px 4px; border-radius: 4px; font-weight: 600; }
    .primary { background: var(--accent); color: var(--on-accent); border-radius: 10px; padding: 8px 14px; font-weight: 600; min-height: 40px; }
    .primary:disabled { opacity: .6; }

    .launcher { position: relative; display: grid; place-items: center; width: 60px; height: 60px; border-radius: 50%; background: var(--accent); color: var(--on-accent); box-shadow: var(--shadow); }
    .launcher:hover { background: var(--accent-strong); }
    .launcher:focus-visible { outline-offset: 3px; }
    .launcher .icon { width: 28px; height: 28px; grid-area: 1 / 1; }
    .launcher .icon-down, .widget.open .launcher .icon-chat { visibility: hidden; }
    .widget.open .launcher .icon-down { visibility: visible; }
    .badge { position: absolute; inset-block-start: -2px; inset-inline-end: -2px; min-width: 22px; height: 22px; padding: 0 6px; border-radius: 11px; background: #b3261e; color: #fff; font-size: 12px; line-height: 22px; font-weight: 700; text-align: center; }

    .panel { position: absolute; inset-block-end: 76px; inset-inline-end: 0; display: flex; flex-direction: column; width: 392px; max-width: calc(100vw - 40px); height: min(660px, calc(100vh - 120px)); overflow: hidden; overflow: clip; border-radius: 18px; background: var(--surface); box-shadow: var(--shadow); }
    header { display: flex; align-items: center; gap: 10px; padding: 14px 10px 14px 16px; background: var(--accent); color: var(--on-accent); }
    header .mark { display: grid; place-items: center; width: 38px; height: 38px; border-radius: 50%; background: rgb(255 255 255 / 16%); flex: none; }
    header .names { flex: 1; min-width: 0; }
    header h2 { font-size: 16px; line-height: 1.3; font-weight: 650; overflow-wrap: anywhere; }
    header p { font-size: 12.5px; line-height: 1.35; text-wrap: balance; }
    header .switch { flex: none; min-height: 40px; padding: 0 9px; border-radius: 10px; font-size: 13.5px; font-weight: 600; }
    header .switch:hover, header .tool:hover { background: rgb(255 255 255 / 16%); }
    header :focus-visible { outline-color: var(--on-accent); outline-offset: -2px; }
    header .tool { color: inherit; }
    .strip { padding: 6px 16px; font-size: 13px; text-align: center; background: var(--raised); color: var(--text); }

    .log-frame { position: relative; flex: 1; min-height: 0; display: flex; flex-direction: column; background: var(--ground); }
    .log { position: relative; flex: 1; min-height: 0; overflow-y: auto; overscroll-behavior: contain; padding: 16px 14px 8px; display: flex; flex-direction: column; }
    .log:focus-visible { outline-offset: -3px; }
    .day, .notice { align-self: center; margin: 10px 0 6px; font-size: 12.5px; color: var(--muted); text-align: center; }
    .notice { padding: 6px 12px; border-radius: 10px; background: var(--raised); color: var(--text); font-size: 13px; }
    .message { display: flex; flex-direction: column; align-items: flex-start; max-width: 86%; margin-block-start: 10px; }
    .message:first-child { margin-block-start: 0; }
    .message.bot + .message.bot, .message.staff + .message.staff, .message.customer + .message.customer { margin-block-start: 4px; }
    .message.customer { align-self: flex-end; align-items: flex-end; }
    .author { font-size: 12.5px; font-weight: 600; color: var(--muted); margin: 2px 4px; }
    .bubble { padding: 9px 13px; border-radius: 16px; border-end-start-radius: 5px; background: var(--surface); border: 1px solid var(--line); max-width: 100%; }
    .message.staff .bubble { border-color: var(--edge); }
    .message.customer .bubble { background: var(--accent); color: var(--on-accent); border-color: transparent; border-end-start-radius: 16px; border-end-end-radius: 5px; }
    .message.waiting .bubble, .message.failed .bubble { background: var(--raised); color: var(--text); border: 1px dashed var(--edge); }
    .text { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext; }
    .text a { color: inherit; text-underline-offset: 2px; }
    .message.customer :focus-visible { outline-color: var(--on-accent); }
    .message.customer .meta :focus-visible { outline-color: var(--focus); }
    .meta { display: flex; flex-wrap: wrap; align-items: center; gap: 4px; margin: 3px 4px 0; font-size: 12px; color: var(--muted); }
    .message.customer .meta { justify-content: flex-end; text-align: end; }
    .meta .icon { width: 14px; height: 14px; stroke-width: 2.4; }
    .message.failed .meta, .message.waiting .meta { color: var(--text); }
    .message.failed .state { color: var(--danger); }
    .meta .link { min-height: 24px; }

    .media { display: flex; flex-direction: column; gap: 6px; }
    .media:not([hidden]) + .text { margin-block-start: 7px; }
    .attachment.image { min-height: 48px; }
    .photo { display: block; border-radius: 10px; overflow: hidden; cursor: zoom-in; }
    .photo img { display: block; max-width: min(240px, 100%); max-height: 260px; min-width: 64px; min-height: 48px; object-fit: contain; border-radius: 10px; background: rgb(127 127 127 / 18%); }
    .transcript { margin-block-start: 6px; font-size: 14px; overflow-wrap: anywhere; }
    .loading { font-size: 13px; }
    .player { display: flex; align-items: center; gap: 8px; width: 232px; max-width: 100%; min-height: 40px; }
    .player-button { display: grid; place-items: center; width: 40px; height: 40px; border-radius: 50%; background: rgb(127 140 136 / 24%); flex: none; }
    .player-button .icon { width: 20px; height: 20px; grid-area: 1 / 1; }
    .player-button .icon-play { fill: currentColor; }
    .player-button .icon-pause, .player-button.playing .icon-play { visibility: hidden; }
    .player-button.playing .icon-pause { visibility: visible; }
    .player input { flex: 1; min-width: 40px; height: 24px; margin: 0; accent-color: currentColor; cursor: pointer; }
    .player-time { font-size: 12.5px; font-variant-numeric: tabular-nums; min-width: 34px; text-align: end; }

    .choices { display: flex; flex-wrap: wrap; gap: 6px; margin-block-start: 7px; }
    .choice { min-height: 38px; padding: 6px 14px; border-radius: 19px; border: 1px solid var(--edge); background: var(--surface); text-align: start; overflow-wrap: anywhere; font-weight: 550; }
    .choice:hover:not(:disabled) { border-color: var(--accent); background: var(--raised); }
    .choice:disabled { color: var(--muted); border-color: var(--line); background: none; font-weight: 400; }
    .choice.chosen:disabled { color: var(--text); border-color: var(--edge); background: var(--raised); }
    .survey { display: flex; flex-direction: column; gap: 8px; margin-block-start: 10px; }
    .stars { display: flex; gap: 2px; margin: 4px 0 0 -6px; }
    .star { position: relative; display: grid; place-items: center; width: 42px; height: 42px; border-radius: 10px; cursor: pointer; color: var(--star); }
    .star input { position: absolute; inset: 0; margin: 0; opacity: 0; cursor: pointer; }
    .star .icon { width: 28px; height: 28px; stroke-width: 1.5; }
    .stars:has(:checked) .star .icon, .stars:hover .star .icon { fill: currentColor; }
    .stars .star:has(:checked) ~ .star .icon { fill: none; }
    .stars:hover .star .icon { fill: currentColor; }
    .stars .star:hover ~ .star .icon { fill: none; }
    .star:focus-within { outline: 2px solid transparent; }
    .star:has(:focus-visible) { outline: 2px solid var(--focus); }
    .survey textarea { width: 100%; padding: 8px 10px; border: 1px solid var(--edge); border-radius: 10px; background: var(--surface); resize: vertical; }
    .survey-problem { color: var(--danger); font-size: 13.5px; }
    .survey-problem:empty { display: none; }

    .jump { position: absolute; inset-block-end: 12px; inset-inline: 0; margin: 0 auto; width: max-content; display: flex; align-items: center; gap: 4px; padding: 6px 14px 6px 8px; border-radius: 20px; background: var(--accent); color: var(--on-accent); font-size: 13.5px; font-weight: 600; box-shadow: var(--shadow); }
    .jump .icon { width: 18px; height: 18px; }
    .typing { display: flex; align-items: center; gap: 5px; align-self: flex-start; margin: 2px 14px 10px; padding: 11px 14px; border-radius: 16px; border-end-start-radius: 5px; background: var(--surface); border: 1px solid var(--line); }
    .typing-dot { width: 7px; height: 7px; border-radius: 50%; background: var(--muted); }

    .composer { padding: 8px 10px max(10px, env(safe-area-inset-bottom)); border-block-start: 1px solid var(--line); background: var(--surface); }
    .row, .writing, .recording { display: flex; align-items: flex-end; gap: 2px; }
    .row { gap: 6px; }
    .writing { flex: 1; min-width: 0; padding: 2px; border: 1px solid var(--edge); border-radius: 22px; background: var(--surface); }
    .writing:has(.input:focus-visible) { outline: 2px solid var(--focus); outline-offset: 1px; }
    .input { flex: 1; min-width: 0; height: 40px; max-height: 132px; padding: 9px 4px; border: 0; background: none; resize: none; line-height: 1.45; overflow-y: auto; }
    .input:focus-visible { outline: none; }
    ::placeholder { color: var(--muted); opacity: 1; }
    .tool { display: grid; place-items: center; width: 40px; height: 40px; border-radius: 50%; flex: none; color: var(--muted); }
    .tool:hover { background: var(--raised); color: var(--text); }
    .tool.camera { display: none; }
    .send { width: 44px; height: 44px; margin-block-end: 1px; background: var(--accent); color: var(--on-accent); }
    .send:hover:not(:disabled) { background: var(--accent-strong); color: var(--on-accent); }
    .send:disabled { background: var(--raised); color: var(--muted); }
    .recording { flex: 1; align-items: center; gap: 8px; padding: 2px; border: 1px solid var(--edge); border-radius: 22px; }
    .elapsed { flex: 1; font-variant-numeric: tabular-nums; }
    .dot { width: 10px; height: 10px; border-radius: 50%; background: var(--danger); flex: none; }
    .hint { margin: 0 6px 8px; font-size: 13.5px; color: var(--text); }
    .hint:empty { display: none; }
    .counter { margin: 0 6px 6px; font-size: 13px; color: var(--muted); text-align: end; }
    .counter.over { color: var(--danger); font-weight: 600; }
    .tray { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; padding: 2px 2px 10px; }
    .pending { position: relative; border: 1px solid var(--line); border-radius: 12px; background: var(--ground); }
    .pending img { display: block; width: 76px; height: 76px; object-fit: cover; border-radius: 11px; }
    .pending.audio { padding: 4px 42px 4px 6px; }
    .remove { position: absolute; inset-block-start: -8px; inset-inline-end: -8px; display: grid; place-items: center; width: 28px; height: 28px; border-radius: 50%; background: var(--text); color: var(--surface); border: 2px solid var(--surface); }
    .remove .icon { width: 14px; height: 14px; stroke-width: 2.6; }
    .pending.audio .remove { inset-block-start: 10px; inset-inline-end: 8px; }
    .drop { position: absolute; inset: 8px; display: grid; place-items: center; border: 2px dashed var(--edge); border-radius: 14px; background: var(--surface); opacity: .95; font-size: 17px; font-weight: 600; pointer-events: none; }
    .lightbox { max-width: 96vw; max-height: 96vh; padding: 0; border: 0; background: none; overflow: visible; }
    .lightbox img { display: block; max-width: 96vw; max-height: 92vh; border-radius: 10px; background: var(--surface); }
    .lightbox::backdrop { background: rgb(0 0 0 / 72%); }
    .lightbox .tool { position: absolute; inset-block-start: 8px; inset-inline-end: 8px; background: var(--surface); color: var(--text); }

    @media (pointer: coarse) { .tool.camera { display: grid; } }
    @media (max-width: 480px), (max-height: 460px) {
      .widget.open .launcher { display: none; }
      .panel { position: fixed; inset: var(--viewport-top, 0) 0 auto; width: 100%; max-width: none; height: var(--viewport-height, 100dvh); border-radius: 0; box-shadow: none; }
      header { padding-block-start: max(12px, env(safe-area-inset-top)); }
      .input, .survey textarea { font-size: 16px; } /* smaller ones make iOS zoom in */
    }
    @media (prefers-reduced-motion: no-preference) {
      .panel { animation: rise .18s ease-out; }
      .message { animation: appear .16s ease-out; }
      .typing-dot { animation: breathe 1.2s ease-in-out infinite; }
      .typing-dot:nth-child(2) { animation-delay: .15s; }
      .typing-dot:nth-child(3) { animation-delay: .3s; }
      .dot { animation: breathe 1.4s ease-in-out infinite; }
      .launcher, .choice, .tool { transition: background-color .12s; }
    }
    @keyframes rise { from { opacity: 0; transform: translateY(10px); } }
    @keyframes appear { from { opacity: 0; transform: translateY(4px); } }
    @keyframes breathe { 0%, 60%, 100% { opacity: 1; } 30% { opacity: .3; } }
    @media (forced-colors: active) { .bubble, .launcher, .send, .panel { border: 1px solid; } }
    @media print { :host { display: none; } }
  `;

  /** Styles of the shadow root: a constructed sheet, which no content policy stops, or a <style> with the nonce. */
  function applyStyles(root, { accent, nonce }) {
    const css = STYLES + (accent ? accentStyles(accent) : "");
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      root.adoptedStyleSheets = [sheet];
    } catch {
      const style = el("style", { nonce: nonce || null });
      style.textContent = css;
      root.append(style);
    }
  }

  /** The shop's own colour, with black or white on it, whichever reads better (WCAG relative luminance). */
  function accentStyles(accent) {
    const [r, g, b] = [1, 3, 5].map((start) => {
      const share = parseInt(accent.slice(start, start + 2), 16) / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    const luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    const onAccent = luminance > 0.179 ? "#000000" : "#ffffff";
    return `:host { --accent: ${accent} !important; --accent-strong: ${accent} !important; --on-accent: ${onAccent} !important; }`;
  }

  // ------------------------------------------------------------------------------------------------- start

  function firstLanguage(memory) {
    if (memory.language?.page === settings.language) return memory.language.chosen;
    return settings.language in WORDS ? settings.language : browserLanguage();
  }

  function start() {
    const memory = new Memory(settings.server);
    language = firstLanguage(memory);
    const conversation = new Conversation(new Api(settings.server), memory, settings.identity);
    const panel = new Panel(conversation, memory);
    conversation.start();
    window.crmbot = Object.freeze({
      open: ({ text } = {}) => panel.open({ text }),
      close: () => panel.close(),
      setLanguage: (next) => panel.setLanguage(next),
      identify: (identity) => conversation.identify(readIdentity(identity)),
    });
    document.dispatchEvent(new CustomEvent("crmbot:ready"));
  }

  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start, { once: true });
})();
