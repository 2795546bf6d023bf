package dev.palimpsest.data;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Looks at every row as the trainer would see it: lengths, labels, ends of answers. */
final class RowAudit {
  private static final int LABELS_SHOWN = 3;
  private static final int BOUNDARIES_TRIED = 1000;

  private final Encoder encoder;
  private final Set<Integer> endTokens;
  private final Findings findings;
  private final Progress progress;
  private int endless;

  RowAudit(Encoder encoder, Set<Integer> endTokens, Findings findings, Progress progress) {
    this.encoder = encoder;
    this.endTokens = endTokens;
    this.findings = findings;
    this.progress = progress;
  }

  /** Looks at all rows; those that can be trained on are offered to the draw. */
  Lengths audit(Dataset data, Draw draw) {
    Lengths.Gathering lengths = new Lengths.Gathering(encoder.options().limit());
    int shown = 0;
    for (int i = 0; i < data.size(); i++) {
      progress.report("tokenising", i + 1, data.size(), "rows");
      Sample sample = data.sample(i);
      String where = where(data, i, sample);
      Example whole;
      try {
        whole = encoder.whole(sample);
      } catch (BadInput e) {
        error("template", where, String.valueOf(e.getMessage()));
        continue;
      }
      lengths.add(whole);
      Optional<Example> fitted = data.onlyTexts() ? window(whole, where) : fit(whole, where);
      if (fitted.isPresent()) {
        draw.offer(i, new Draw.Row(where, sample, fitted.get()));
      }
      contents(sample, where);
      if (whole.labels() > 0) {
        ends(sample, whole);
        if (i < BOUNDARIES_TRIED) {
          boundary(sample, whole, where);
        }
        if (shown < LABELS_SHOWN) {
          shown++;
          findings.add(Finding.Severity.INFO, "labels", where, encoder.marked(sample).show());
        }
      }
    }
    if (endless > 0) {
      warn(
          "end-not-trained",
          "",
          endless
              + " of "
              + data.size()
              + " rows do not end with a trained token at which the"
              + " model stops, so that it does not learn to stop there");
    }
    return lengths.done();
  }

  /** Line and id, as reports name a row. */
  static String where(Dataset data, int index, Sample sample) {
    return data.place(index) + ", id " + sample.id();
  }

  /** Training joins and cuts such a row; here its beginning stands for it. */
  private Optional<Example> window(Example whole, String where) {
    int limit = encoder.options().limit();
    return labelled(whole, where).map(some -> Windows.of(some, limit, limit).getFirst());
  }

  private Optional<Example> labelled(Example whole, String where) {
    if (whole.labels() > 0) {
      return Optional.of(whole);
    }
    error("no-labels", where, "no token to learn: the answer is empty or not to be trained");
    return Optional.empty();
  }

  private Optional<Example> fit(Example whole, String where) {
    int limit = encoder.options().limit();
    if (labelled(whole, where).isEmpty()) {
      return Optional.empty();
    }
    if (whole.length() <= limit) {
      return Optional.of(whole);
    }
    if (encoder.options().overlong() == Encoder.Overlong.REFUSE) {
      error(
          "too-long",
          where,
          whole.length()
              + " tokens, more than the limit of "
              + limit
              + "; shorten it, raise --max-length, or give --truncate");
      return Optional.empty();
    }
    warn("cut", where, whole.length() + " tokens, cut to " + limit);
    try {
      return Optional.of(encoder.fit(whole));
    } catch (BadInput e) {
      error("cut-to-nothing", where, String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }

  private void contents(Sample sample, String where) {
    Wording words = Wording.of(sample);
    if (words.answer().isBlank()) {
      warn("empty-completion", where, "the answer is empty");
    }
    if (!(sample instanceof Sample.Text)
        && encoder.endOfTurn().filter(end -> words.all().contains(end)).isPresent()) {
      warn(
          "control-token-in-text",
          where,
          "holds "
              + encoder.endOfTurn().orElse("")
              + " as text, which becomes the token that ends"
              + " a turn");
    }
    if (sample instanceof Sample.Chat chat) {
      List<Turn> turns = chat.turns();
      if (!turns.get(turns.size() - 1).answers()) {
        warn("unanswered", where, "ends with a turn that nobody answers; that turn is left out");
      }
    }
  }

  private void ends(Sample sample, Example whole) {
    int last = whole.length() - 1;
    if (!(sample instanceof Sample.Text)
        && !(whole.label()[last] && endTokens.contains(whole.ids()[last]))) {
      endless++;
    }
  }

  /** When asked, the model sees the prompt tokenised alone, as training should have shown it. */
  private void boundary(Sample sample, Example whole, String where) {
    if (sample instanceof Sample.Text || !whole.label()[whole.length() - 1]) {
      return;
    }
    int[] prompt = encoder.prompt(sample);
    boolean same = prompt.length <= whole.length();
    for (int i = 0; same && i < prompt.length; i++) {
      same = prompt[i] == whole.ids()[i];
    }
    if (!same) {
      warn(
          "boundary",
          where,
          "prompt and answer share a token where they meet, so that the prompt alone is tokenised"
              + " otherwise; move white space from the prompt's end to the answer's beginning");
    }
  }

  private void error(String code, String where, String message) {
    findings.add(Finding.Severity.ERROR, code, where, message);
  }

  private void warn(String code, String where, String message) {
    findings.add(Finding.Severity.WARNING, code, where, message);
  }
}
