/** The demo shop's page: its languages, its sign-in of made-up customers, and the widget as a shop embeds it. */
"use strict";

const HINTS = {
  "en": [
    "Where is my order A1024?",
    "mia.turner@example.com",
    "Show me my past orders",
    "I want to change my phone number",
    "My kettle arrived broken",
    "I would like to talk to a person",
  ],
  "zh-CN": [
    "我的订单A2031到哪里了？",
    "li.xiaoyu@example.com",
    "看看我以前的订单",
    "我想修改手机号",
    "我收到的吹风机坏了",
    "我想找人工客服",
  ],
};
const VISITOR = { "en": "Visitor (not signed in)", "zh-CN": "访客（未登录）" };

const page = document.documentElement;
const customerSelect = document.getElementById("customer");

function showHints() {
  const items = HINTS[page.lang].map((text) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.addEventListener("click", () => window.crmbot?.open({ text }));
    const item = document.createElement("li");
    item.append(button);
    return item;
  });
  document.getElementById("hints").replaceChildren(...items);
}

function setLanguage(lang) {
  page.lang = lang;
  localStorage.setItem("demo-language", lang);
  customerSelect.options[0].textContent = VISITOR[lang];
  showHints();
  window.crmbot?.setLanguage(lang.slice(0, 2));
}

async function getJson(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

/** A signed identity, which a real shop's own back end would make for the customer who is signed in there. */
async function identityOf(customerRef) {
  if (!customerRef) return null;
  return getJson(`/demo/identity?customer_ref=${encodeURIComponent(customerRef)}`);
}

async function offerSignIn() {
  const customers = await getJson("/demo/customers");
  for (const { customer_ref: ref, name } of customers) customerSelect.append(new Option(name, ref));
  customerSelect.value = sessionStorage.getItem("demo-customer") ?? "";
  document.getElementById("sign-in").hidden = false;
}

/** What a shop writes as <script src="https://chat.example.com/widget.js" data-language="auto" async></script>. */
function embedWidget(identity) {
  const tag = document.createElement("script");
  tag.src = "/widget.js";
  tag.async = true;
  tag.dataset.language = "auto";
  tag.dataset.titleEn = "Harbour & Pine";
  tag.dataset.titleZh = "港松小店";
  if (identity) tag.dataset.identity = JSON.stringify(identity);
  document.head.append(tag);
}

document.addEventListener("crmbot:ready", () => setLanguage(page.lang));
document.getElementById("language").addEventListener("click", () => setLanguage(page.lang === "en" ? "zh-CN" : "en"));
document.querySelector("[data-open]").addEventListener("click", () => window.crmbot?.open());
customerSelect.addEventListener("change", async () => {
  sessionStorage.setItem("demo-customer", customerSelect.value);
  window.crmbot?.identify(await identityOf(customerSelect.value));
});

setLanguage(localStorage.getItem("demo-language") ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh-CN" : "en"));
offerSignIn().catch(() => sessionStorage.removeItem("demo-customer")); // a server without demo data offers no sign-in
identityOf(sessionStorage.getItem("demo-customer")).then(embedWidget, () => embedWidget(null));
