package dev.palimpsest.report;

/** A plain table: a caption, a heading for each column, the first cell of a row its heading. */
final class Table {
  /** A longer cell is broken into lines. */
  private static final int LONGEST_LINE = 36;

  private final Markup html;

  private Table(Markup html) {
    this.html = html;
  }

  /** Opens one that scrolls by itself where the screen is narrow. */
  static Table open(Markup html, String caption, String... columns) {
    html.open("div", "class", "scroll", "tabindex", "0", "role", "region", "aria-label", caption);
    html.open("table").element("caption", caption).open("thead").open("tr");
    for (String column : columns) {
      html.element("th", column, "scope", "col");
    }
    html.close().close().open("tbody");
    return new Table(html);
  }

  /** A whole row. */
  void row(String heading, String... cells) {
    begin(heading);
    for (String cell : cells) {
      cell(cell);
    }
    end();
  }

  /** Begins a row, to be ended. */
  Table begin(String heading) {
    html.open("tr").element("th", heading, "scope", "row");
    return this;
  }

  Table cell(String cell) {
    if (cell.length() > LONGEST_LINE) {
      html.element("td", cell, "class", "words");
    } else {
      html.element("td", cell);
    }
    return this;
  }

  /**
   * A cell shaded by its value.
   *
   * @param shade 0 for none to 4, or to -4 for what is less
   * @param title shown where it is pointed at
   */
  Table shaded(String cell, int shade, String title) {
    html.element("td", cell, "class", heat(shade), "title", title);
    return this;
  }

  /** The same with a line beneath it. */
  Table shaded(String cell, String beneath, int shade, String kind) {
    html.open("td", "class", heat(shade) + kind).text(cell).element("small", beneath).close();
    return this;
  }

  private static String heat(int shade) {
    return shade == 0 ? "heat" : "heat " + (shade > 0 ? "more" : "less") + Math.abs(shade);
  }

  /** A cell with a picture that says no more than other cells do. */
  Table picture(Markup picture) {
    html.open("td", "class", "picture").add(picture).close();
    return this;
  }

  void end() {
    html.closeLine();
  }

  void close() {
    html.close().close().closeLine();
  }
}
