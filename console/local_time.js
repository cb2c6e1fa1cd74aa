// Tells a moment in the reader's own time zone and language.
export default {
  template: `<time :datetime="at" :title="full">{{ short }}</time>`,
  props: { at: String, lang: String },
  computed: {
    moment() {
      return new Date(this.at);
    },
    full() {
      return new Intl.DateTimeFormat(this.lang, { dateStyle: "full", timeStyle: "long" }).format(this.moment);
    },
    short() {
      const now = new Date();
      const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
      if (this.moment.toDateString() !== now.toDateString()) Object.assign(options, { month: "short", day: "numeric" });
      if (this.moment.getFullYear() !== now.getFullYear()) options.year = "numeric";
      return new Intl.DateTimeFormat(this.lang, options).format(this.moment);
    },
  },
};
