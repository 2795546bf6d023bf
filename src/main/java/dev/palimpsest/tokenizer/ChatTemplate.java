package dev.palimpsest.tokenizer;

import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A Hugging Face chat template, rendered as transformers' {@code apply_chat_template} does: Jinja
 * in an immutable sandbox with trimmed blocks, loop controls, {@code tojson} without escapes,
 * {@code raise_exception} and {@code generation} blocks. Immutable; any number of threads may use
 * it at once.
 */
public final class ChatTemplate {
  private final List<Statement> body;
  private final Map<String, String> variables;
  private final Optional<Clock> clock;

  private ChatTemplate(List<Statement> body, Map<String, String> variables, Optional<Clock> clock) {
    this.body = body;
    this.variables = Map.copyOf(variables);
    this.clock = clock;
  }

  /**
   * A template without a clock: {@code strftime_now} is not defined in it, so that a template that
   * tells the date if it can gives the same text every day.
   *
   * @param variables further variables, as "bos_token" and "eos_token"
   * @throws TemplateException naming the line, and what is wrong or not supported there
   */
  public static ChatTemplate parse(String source, Map<String, String> variables) {
    return new ChatTemplate(parsed(source), variables, Optional.empty());
  }

  /**
   * A template that may ask for the time, as in transformers.
   *
   * @param clock what {@code strftime_now} tells
   * @throws TemplateException naming the line, and what is wrong or not supported there
   */
  public static ChatTemplate parse(String source, Map<String, String> variables, Clock clock) {
    return new ChatTemplate(parsed(source), variables, Optional.of(clock));
  }

  /**
   * The conversation as the model was trained to read it.
   *
   * @throws TemplateException if the template refuses the conversation, in the template's words
   */
  public String render(List<Message> messages) {
    return conversation(messages, false);
  }

  /**
   * The conversation and the opening of the assistant's next message.
   *
   * @throws TemplateException if the template refuses the conversation, in the template's words
   */
  public String renderForReply(List<Message> messages) {
    return conversation(messages, true);
  }

  private String conversation(List<Message> messages, boolean reply) {
    List<Object> list = new ArrayList<>();
    for (Message message : messages) {
      Map<Object, Object> map = new LinkedHashMap<>();
      map.put("role", message.role());
      map.put("content", message.content());
      list.add(map);
    }
    Map<String, Object> all = new LinkedHashMap<>(variables);
    all.put("messages", list);
    all.put("tools", Values.NONE);
    all.put("documents", Values.NONE);
    all.put("add_generation_prompt", reply);
    return render(all);
  }

  private static List<Statement> parsed(String source) {
    return within("nests", () -> TemplateParser.parse(source));
  }

  /** Renders with values as {@link Values} has them. */
  String render(Map<String, Object> values) {
    Scope scope = new Scope(Globals.scope(clock));
    values.forEach(scope::set);
    return within("runs", () -> Renderer.render(body, scope));
  }

  /** A template comes from a file that anyone may have written. */
  private static <T> T within(String verb, Supplier<T> work) {
    try {
      return work.get();
    } catch (TemplateException e) {
      throw e;
    } catch (IllegalArgumentException e) { // Java's own: numbers and characters that are none
      throw TemplateException.raised("the chat template has a wrong value: " + e.getMessage());
    } catch (StackOverflowError | OutOfMemoryError e) {
      throw TemplateException.raised(
          "the chat template "
              + verb
              + (e instanceof StackOverflowError ? " too deep" : " into texts too long"));
    }
  }
}
