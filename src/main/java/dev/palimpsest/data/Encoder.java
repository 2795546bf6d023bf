package dev.palimpsest.data;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Problems;
import dev.palimpsest.tokenizer.ChatTemplate;
import dev.palimpsest.tokenizer.Encoding;
import dev.palimpsest.tokenizer.Message;
import dev.palimpsest.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Makes examples of samples: the one place where it is decided which tokens are learned or scored.
 *
 * <p>Chats, and prompts with completions where there is a chat template, go through the template:
 * labels are the answers with their closing end-of-turn tokens, and the example ends with the last
 * of these. Without a template, or raw, prompt and completion are joined and tokenised once, and
 * the completion begins at the first token that ends past the prompt. Texts are documents of which
 * every token but the first is a label. Where the tokenizer itself puts tokens around a document
 * (BOS, EOS), raw pairs and texts have them. Safe for use by several threads.
 */
public final class Encoder {
  /** How prompts and completions become text. */
  public enum Form {
    /** Through the chat template, if the model has one. */
    TEMPLATE,
    /** Joined as they are. */
    RAW
  }

  /** What happens to an example that is longer than the limit. */
  public enum Overlong {
    REFUSE,
    /** Its end is cut off. */
    TRUNCATE
  }

  /**
   * The settings.
   *
   * @param system goes before conversations that have no system turn
   * @param limit most tokens of an example
   */
  public record Options(Optional<String> system, Form form, int limit, Overlong overlong) {
    public Options {
      if (limit < 2) {
        throw new BadInput(
            "a length limit of " + limit + " leaves nothing to learn; give 2 or more");
      }
      if (system.isPresent() && form == Form.RAW) {
        throw new BadInput("--system goes through the chat template, which --raw leaves out");
      }
    }

    /** Through the template, refused beyond {@code limit}. */
    public static Options upTo(int limit) {
      return new Options(Optional.empty(), Form.TEMPLATE, limit, Overlong.REFUSE);
    }
  }

  /** Text, tokens and labels of one sample, whole. */
  @SuppressWarnings("ArrayRecordComponent") // lives for one call
  private record Labelled(String text, int[] ids, int[] ends, boolean[] label) {}

  private final Codec codec;
  private final Optional<ChatText> chat;
  private final Options options;
  private final int[] lead;
  private final int[] trail;

  public Encoder(Tokenizer tokenizer, Optional<ChatTemplate> template, Options options) {
    this(codec(tokenizer), template.map(Encoder::template), options);
  }

  Encoder(Codec codec, Optional<Template> template, Options options) {
    if (options.system().isPresent() && template.isEmpty()) {
      throw new BadInput("--system: the model has no chat template to put it in");
    }
    this.codec = codec;
    this.options = options;
    this.chat = template.map(t -> new ChatText(t, codec, options.system()));
    int[] plain = codec.encode("a").ids();
    int[] document = codec.encodeDocument("a");
    int from = 0;
    while (from + plain.length < document.length
        && !Arrays.equals(document, from, from + plain.length, plain, 0, plain.length)) {
      from++;
    }
    this.lead = Arrays.copyOf(document, from);
    this.trail = Arrays.copyOfRange(document, from + plain.length, document.length);
  }

  /**
   * The tokens of a sample, every answer marked that is to be trained.
   *
   * @throws BadInput naming the example: too long, without a label, or of a kind that the model's
   *     template cannot write
   */
  public Example example(Sample sample) {
    return fit(whole(sample));
  }

  /** The tokens of a sample, its last answer alone marked: what is scored. */
  public Example lastAnswer(Sample sample) {
    return fit(
        sample instanceof Sample.Chat c
            ? example(c.id(), labelled(template(c.id()).last(c)))
            : whole(sample));
  }

  /** The tokens of a document however long it is, all but the first marked. */
  public Example document(Sample.Text text) {
    return example(text.id(), labelled(text));
  }

  /** The tokens up to where the (last) answer begins: the conversation asked for a reply. */
  public int[] prompt(Sample sample) {
    return switch (sample) {
      case Sample.Chat c -> codec.encode(template(c.id()).forReply(c)).ids();
      case Sample.Pair p ->
          templated()
              .map(t -> codec.encode(t.forReply(asChat(p))).ids())
              .orElseGet(() -> join(lead, codec.encode(p.prompt()).ids(), new int[0]));
      case Sample.Text t ->
          throw new BadInput(
              "example '" + t.id() + "': a text has no prompt; give prompt or messages");
    };
  }

  /** The text that is tokenised, with what is trained marked to the token. */
  public Marked marked(Sample sample) {
    Labelled all = labelledOf(sample);
    List<Marked.Span> spans = new ArrayList<>();
    int start = -1;
    int before = 0;
    for (int i = 0; i < all.ids().length; i++) {
      if (all.label()[i] && start < 0) {
        start = before;
      } else if (!all.label()[i] && start >= 0) {
        spans.add(new Marked.Span(start, before));
        start = -1;
      }
      before = all.ends()[i];
    }
    if (start >= 0) {
      spans.add(new Marked.Span(start, before));
    }
    return new Marked(all.text(), spans);
  }

  /** The token that closes an answer, as text; empty without a template or if it writes none. */
  public Optional<String> endOfTurn() {
    return templated().flatMap(ChatText::endOfTurn);
  }

  /** The system prompt that the template puts before conversations that have none. */
  public Optional<String> templateSystem() {
    return options.system().isPresent()
        ? Optional.empty()
        : templated().flatMap(ChatText::ownSystem);
  }

  /** Whether pairs and messages go through a chat template. */
  public boolean writesTurns() {
    return templated().isPresent();
  }

  /** The settings. */
  public Options options() {
    return options;
  }

  /**
   * What {@link #admit} found.
   *
   * @param rows how many samples there are
   * @param cut how many are longer than the limit and lose their end
   * @param cutTokens how many tokens that takes away
   * @param cutLabels how many of these are labels
   */
  public record Admission(int rows, int cut, long cutTokens, long cutLabels) {}

  /**
   * Looks through data before training: only rows that could be too long by their size in bytes, or
   * that may have no label, are tokenised. (A token is at least a byte of text, and what a template
   * puts around a turn is fewer tokens than the row has bytes around it.)
   *
   * @throws BadInput naming all rows that cannot be trained on
   */
  public Admission admit(Dataset data) {
    int around = codec.encode(aroundNothing()).ids().length + lead.length + trail.length;
    Problems problems = new Problems();
    int cut = 0;
    long cutTokens = 0;
    long cutLabels = 0;
    for (int i = 0; i < data.size(); i++) {
      if ((long) data.bytes(i) + around <= options.limit() && !data.mayLackLabels(i)) {
        continue;
      }
      try {
        Example whole = whole(data.sample(i));
        Example fitted = fit(whole);
        if (fitted.length() < whole.length()) {
          cut++;
          cutTokens += whole.length() - fitted.length();
          cutLabels += whole.labels() - fitted.labels();
        }
      } catch (BadInput e) {
        problems.add(data.place(i) + ", " + e.getMessage());
      }
    }
    problems.throwIfAny(data.file().toString());
    return new Admission(data.size(), cut, cutTokens, cutLabels);
  }

  /** The example before any limit, for whoever reports lengths. */
  Example whole(Sample sample) {
    return example(sample.id(), labelledOf(sample));
  }

  /** The example within the limit. */
  Example fit(Example whole) {
    String named = "example '" + whole.id() + "'";
    if (whole.labels() == 0) {
      throw new BadInput(named + ": no token to learn: the answer is empty or not to be trained");
    }
    if (whole.length() <= options.limit()) {
      return whole;
    }
    if (options.overlong() == Overlong.REFUSE) {
      throw new BadInput(
          named
              + ": "
              + whole.length()
              + " tokens, more than the limit of "
              + options.limit()
              + "; shorten it, raise --max-length, or give --truncate");
    }
    Example fitted =
        new Example(
            whole.id(),
            Arrays.copyOf(whole.ids(), options.limit()),
            Arrays.copyOf(whole.label(), options.limit()));
    if (fitted.labels() == 0) {
      throw new BadInput(
          named + ": cut to " + options.limit() + " tokens nothing of the answer is left");
    }
    return fitted;
  }

  private String aroundNothing() {
    Sample.Pair nothing = new Sample.Pair("template", Optional.empty(), "", "");
    return templated().map(t -> t.trained(asChat(nothing)).text()).orElse("");
  }

  private Labelled labelledOf(Sample sample) {
    return switch (sample) {
      case Sample.Chat c -> labelled(template(c.id()).trained(c));
      case Sample.Pair p ->
          templated().map(t -> labelled(t.trained(asChat(p)))).orElseGet(() -> labelled(p));
      case Sample.Text t -> labelled(t);
    };
  }

  private Labelled labelled(Marked marked) {
    Encoding tokens = codec.encode(marked.text());
    boolean[] label = new boolean[tokens.ids().length];
    for (Marked.Span span : marked.labels()) {
      mark(label, tokens.ends(), 0, span);
    }
    return new Labelled(marked.text(), tokens.ids(), tokens.ends(), label);
  }

  private Labelled labelled(Sample.Pair pair) {
    String text = pair.prompt() + pair.completion();
    return document(text, new Marked.Span(pair.prompt().length(), text.length()));
  }

  private Labelled labelled(Sample.Text text) {
    return document(text.text(), new Marked.Span(0, text.text().length()));
  }

  /**
   * A text with what the tokenizer puts around a document; what it puts behind is an answer's end.
   */
  private Labelled document(String text, Marked.Span answer) {
    Encoding tokens = codec.encode(text);
    int[] ids = join(lead, tokens.ids(), trail);
    int[] ends = new int[ids.length];
    System.arraycopy(tokens.ends(), 0, ends, lead.length, tokens.ends().length);
    boolean[] label = new boolean[ids.length];
    Arrays.fill(ends, ids.length - trail.length, ids.length, text.length());
    Arrays.fill(label, Math.max(1, ids.length - trail.length), Math.max(1, ids.length), true);
    mark(label, ends, lead.length, answer);
    return new Labelled(text, ids, ends, label);
  }

  private static void mark(boolean[] label, int[] ends, int from, Marked.Span span) {
    for (int i = Math.max(from, 1); i < label.length; i++) {
      label[i] |= ends[i] > span.start() && ends[i] <= span.end();
    }
  }

  private static int[] join(int[] a, int[] b, int[] c) {
    int[] all = Arrays.copyOf(a, a.length + b.length + c.length);
    System.arraycopy(b, 0, all, a.length, b.length);
    System.arraycopy(c, 0, all, a.length + b.length, c.length);
    return all;
  }

  private static Example example(String id, Labelled all) {
    return new Example(id, all.ids(), all.label());
  }

  private Optional<ChatText> templated() {
    return options.form() == Form.RAW ? Optional.empty() : chat;
  }

  private ChatText template(String id) {
    return templated()
        .orElseThrow(
            () ->
                new BadInput(
                    "example '"
                        + id
                        + "': messages need a chat template, and "
                        + (chat.isPresent() ? "--raw leaves it out" : "the model has none")
                        + "; give prompt and completion"));
  }

  private static Sample.Chat asChat(Sample.Pair pair) {
    return new Sample.Chat(
        pair.id(),
        pair.slice(),
        List.of(Turn.of(Turn.USER, pair.prompt()), Turn.of(Turn.ASSISTANT, pair.completion())));
  }

  private static Codec codec(Tokenizer tokenizer) {
    return new Codec() {
      @Override
      public Encoding encode(String text) {
        return tokenizer.encodeWithOffsets(text);
      }

      @Override
      public int[] encodeDocument(String text) {
        return tokenizer.encodeDocument(text);
      }

      @Override
      public boolean isSpecial(int id) {
        return tokenizer.special(id);
      }
    };
  }

  private static Template template(ChatTemplate template) {
    return new Template() {
      @Override
      public String render(List<Message> messages) {
        return template.render(messages);
      }

      @Override
      public String renderForReply(List<Message> messages) {
        return template.renderForReply(messages);
      }
    };
  }
}
