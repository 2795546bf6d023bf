package dev.palimpsest.report;

import java.util.List;

/** A page that needs no script: a heading, what was found, and sections. */
final class PlainPage {
  private PlainPage() {}

  /**
   * The whole document.
   *
   * @param finding a sentence or two, at the top
   * @param content what stands in the page's main part
   */
  static String of(String title, String finding, Markup content) {
    Markup html = new Markup();
    html.open("html", "lang", "en");
    Page.head(html, title, "");
    html.open("body").element("a", "Skip to the content", "href", "#content", "class", "skip");
    html.open("header").element("h1", title).element("p", finding, "class", "finding").closeLine();
    html.open("main", "id", "content", "tabindex", "-1");
    html.add(content);
    html.closeLine().closeLine().closeLine();
    return "<!doctype html>\n" + html;
  }

  /** A section of a page's settings and of what its numbers mean. */
  static void reading(Markup html, List<Fact> settings, List<String> paragraphs) {
    html.section("reading", "Settings, and how to read this");
    for (String paragraph : paragraphs) {
      html.element("p", paragraph);
    }
    html.add(Fact.list(settings)).closeLine();
  }
}
