package dev.palimpsest.measure;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Items as lm-evaluation-harness has them, as the plain fields of a probe:
 *
 * <ul>
 *   <li>{@code question}, {@code choices}, {@code answer} (an index or a letter), as MMLU's;
 *   <li>{@code question}, {@code choices} with {@code text} and {@code label}, {@code answerKey},
 *       as ARC's;
 *   <li>{@code ctx}, {@code endings}, {@code label}, as HellaSwag's;
 *   <li>logged samples ({@code --log_samples}): {@code doc}, {@code target}, {@code arguments}. A
 *       request for each choice makes choices, one that generates is answered, one with a text
 *       alone is a text.
 * </ul>
 *
 * <p>In the first three the choices' own texts are scored after the question; the prompt that a
 * task builds around them stands in its logged samples alone. Of a raw prompt, {@code Question: …
 * Answer:} as ARC's task has it, and a space before each choice; of a chat, the question is the
 * user's turn, and the spaces around a logged request's parts are taken off.
 */
final class HarnessItem {
  private static final Set<String> LOGGED =
      Set.of(
          "doc_id",
          "doc",
          "target",
          "arguments",
          "resps",
          "filtered_resps",
          "filter",
          "metrics",
          "doc_hash",
          "prompt_hash",
          "target_hash");
  private static final Set<String> BESIDE =
      Set.of(
          "subject", "activity_label", "ctx_a", "ctx_b", "ind", "source_id", "split", "split_type");

  private final ObjectNode object;
  private final String where;
  private final boolean raw;
  private final ObjectNode plain = Json.mapper().createObjectNode();

  private HarnessItem(ObjectNode object, String where, boolean raw) {
    this.object = object;
    this.where = where;
    this.raw = raw;
  }

  /**
   * The plain fields of such an item; empty if it is none.
   *
   * @throws BadInput if it looks like one, but a part is missing or of a form that is not known
   */
  static Optional<ObjectNode> plain(ObjectNode object, String where, ProbeReader.Prompts prompts) {
    HarnessItem item = new HarnessItem(object, where, prompts == ProbeReader.Prompts.RAW);
    if (object.has("doc") && object.has("arguments")) {
      return Optional.of(item.logged());
    }
    if (object.has("question") && object.has("choices")) {
      return Optional.of(item.question());
    }
    if (object.has("ctx") && object.has("endings")) {
      return Optional.of(item.endings());
    }
    if (object.has("doc") || object.has("ctx") || object.has("question")) {
      throw new BadInput(
          where
              + ": neither a probe's item nor one of lm-evaluation-harness that is known: expected"
              + " question, choices and answer or answerKey; ctx, endings and label; or logged"
              + " samples with doc, target and arguments");
    }
    return Optional.empty();
  }

  private ObjectNode question() {
    JsonNode choices = object.get("choices");
    boolean arc = choices.isObject();
    List<String> texts = texts(arc ? choices.path("text") : choices, "choices");
    List<String> labels = arc ? texts(choices.path("label"), "choices.label") : letters(texts);
    if (labels.size() != texts.size()) {
      throw new BadInput(
          where + ": choices: " + texts.size() + " texts, " + labels.size() + " labels");
    }
    String name = object.has("answerKey") ? "answerKey" : "answer";
    String asked = text(object, "question");
    prompt(raw ? "Question: " + asked + "\nAnswer:" : asked);
    choices(texts, index(name, labels));
    return rest(Set.of("question", "choices", name));
  }

  private ObjectNode endings() {
    List<String> texts = texts(object.get("endings"), "endings");
    prompt(text(object, "ctx"));
    choices(texts, index("label", List.of()));
    return rest(Set.of("ctx", "endings", "label"));
  }

  private static List<String> letters(List<String> texts) {
    List<String> letters = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      letters.add(String.valueOf((char) ('A' + i)));
    }
    return letters;
  }

  /** The place of the right choice, given as its label or as a number from 0. */
  private int index(String field, List<String> labels) {
    JsonNode node = object.path(field);
    String said = node.isString() || node.isIntegralNumber() ? node.asString() : "";
    int at = node.isString() ? labels.indexOf(said) : -1;
    if (at < 0 && said.matches("\\d{1,4}")) {
      at = Integer.parseInt(said);
    }
    if (at < 0) {
      throw new BadInput(
          where
              + ": "
              + field
              + " is "
              + (node.isMissingNode() ? "missing" : node)
              + "; expected an index from 0"
              + (labels.isEmpty() ? "" : " or one of " + String.join(", ", labels)));
    }
    return at;
  }

  private void prompt(String text) {
    plain.put("prompt", text);
  }

  private void choices(List<String> texts, int answer) {
    ArrayNode array = plain.putArray("choices");
    texts.forEach(text -> array.add(raw ? " " + text : text));
    plain.put("answer", answer);
  }

  /** All other fields but those that stand beside these in the known tasks. */
  private ObjectNode rest(Set<String> used) {
    object.forEachEntry(
        (name, value) -> {
          if (!used.contains(name) && !BESIDE.contains(name)) {
            plain.set(name, value);
          }
        });
    return plain;
  }

  private ObjectNode logged() {
    if (object.has("doc_id")) {
      plain.put("id", object.get("doc_id").asString(""));
    }
    List<List<JsonNode>> requests = requests();
    List<JsonNode> first = requests.getFirst();
    if (first.size() == 1 && requests.size() == 1) {
      plain.put("text", string(first.getFirst(), "a text"));
    } else if (first.size() == 2 && first.get(1).isObject() && requests.size() == 1) {
      prompt(trimmed(string(first.getFirst(), "a prompt")));
      plain.put("completion", trimmed(target()));
    } else if (first.size() == 2 && first.get(1).isString()) {
      loggedChoices(requests);
    } else {
      throw unknownRequest();
    }
    object.forEachEntry(
        (name, value) -> {
          // the metrics that a task logs stand there by name
          if (!LOGGED.contains(name) && !logsMetric(name)) {
            plain.set(name, value);
          }
        });
    return plain;
  }

  private boolean logsMetric(String name) {
    for (JsonNode metric : object.path("metrics")) {
      if (metric.asString("").equals(name)) {
        return true;
      }
    }
    return Set.of("acc", "acc_norm", "exact_match", "f1", "em").contains(name);
  }

  private void loggedChoices(List<List<JsonNode>> requests) {
    String asked = string(requests.getFirst().getFirst(), "a prompt");
    List<String> texts = new ArrayList<>();
    for (List<JsonNode> request : requests) {
      if (request.size() != 2 || !request.get(1).isString()) {
        throw unknownRequest();
      }
      if (!string(request.getFirst(), "a prompt").equals(asked)) {
        throw new BadInput(
            where
                + ": arguments: the prompts of the choices differ, as in Winogrande; such items"
                + " are not known");
      }
      texts.add(trimmed(request.get(1).asString()));
    }
    prompt(trimmed(asked));
    if (texts.size() == 1) {
      plain.put("completion", texts.getFirst());
      return;
    }
    ArrayNode array = plain.putArray("choices");
    texts.forEach(array::add);
    String target = target();
    int index = target.matches("\\d{1,4}") ? Integer.parseInt(target) : named(texts, target);
    if (index < 0 || index >= texts.size()) {
      throw new BadInput(
          where + ": target is " + target + "; expected an index from 0 or one of the choices");
    }
    plain.put("answer", index);
  }

  private static int named(List<String> texts, String target) {
    for (int i = 0; i < texts.size(); i++) {
      if (texts.get(i).strip().equals(target.strip())) {
        return i;
      }
    }
    return -1;
  }

  /** Lists of arguments, as they were logged: lists, or {@code gen_args_0: {arg_0: …}}. */
  private List<List<JsonNode>> requests() {
    JsonNode arguments = object.get("arguments");
    List<List<JsonNode>> requests = new ArrayList<>();
    for (JsonNode request : arguments) {
      List<JsonNode> parts = new ArrayList<>();
      request.forEach(parts::add);
      requests.add(parts);
    }
    if (requests.isEmpty() || requests.getFirst().isEmpty()) {
      throw unknownRequest();
    }
    return requests;
  }

  private BadInput unknownRequest() {
    return new BadInput(
        where
            + ": arguments: expected a prompt and a continuation for each choice, a prompt and"
            + " generation settings, or one text");
  }

  private String target() {
    JsonNode target = object.path("target");
    if (!target.isString() && !target.isIntegralNumber()) {
      throw new BadInput(
          where
              + ": target is "
              + (target.isMissingNode() ? "missing" : target)
              + "; expected a text or an index");
    }
    return target.asString();
  }

  private String trimmed(String text) {
    return raw ? text : text.strip();
  }

  private String string(JsonNode node, String what) {
    if (!node.isString()) {
      throw new BadInput(where + ": arguments: found " + node + ", expected " + what);
    }
    return node.asString();
  }

  private String text(ObjectNode from, String field) {
    JsonNode node = from.path(field);
    if (!node.isString()) {
      throw new BadInput(where + ": " + field + " is " + node + "; expected a text");
    }
    return node.asString();
  }

  private List<String> texts(JsonNode array, String name) {
    List<String> texts = new ArrayList<>();
    for (JsonNode each : array) {
      if (!each.isString()) {
        throw new BadInput(where + ": " + name + "[" + texts.size() + "]: expected a text");
      }
      texts.add(each.asString());
    }
    if (!array.isArray()) {
      throw new BadInput(where + ": " + name + ": expected a list of texts");
    }
    return texts;
  }
}
