// What a person does on a page, counted: clicks, fields that are filled, and seconds.
export class Journey {
  constructor() {
    this.begin();
  }

  /** Counts from here. */
  begin() {
    Object.assign(this, { clicks: 0, fields: 0, began: performance.now() });
  }

  async click(locator) {
    await locator.click();
    this.clicks += 1;
  }

  async fill(locator, text) {
    await locator.fill(text);
    this.fields += 1;
  }

  get seconds() {
    return (performance.now() - this.began) / 1000;
  }

  /** The time that a person needs, estimated by the keystroke-level model: to look and decide, to point and click, to type or paste. */
  get estimatedSeconds() {
    const [LOOK, CLICK, FIELD] = [1.35, 1.3, 3];
    return this.clicks * (LOOK + CLICK) + this.fields * (LOOK + FIELD);
  }

  toString() {
    return `${this.clicks} clicks, ${this.fields} fields, ${this.seconds.toFixed(1)} s of machine time`;
  }
}
