package dev.palimpsest.tokenizer;

import dev.palimpsest.tokenizer.Values.Function;
import dev.palimpsest.tokenizer.Values.Namespace;
import dev.palimpsest.tokenizer.Values.Undefined;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What a template sees of the loop it is in, under the name "loop". */
final class Loop {
  private Loop() {}

  static Namespace at(int index, List<Object> items) {
    long size = items.size();
    Function cycle = arguments -> arguments.positional().get(index % arguments.positional().size());
    Map<String, Object> members = new HashMap<>();
    members.put("index", index + 1L);
    members.put("index0", (long) index);
    members.put("revindex", size - index);
    members.put("revindex0", size - index - 1);
    members.put("first", index == 0);
    members.put("last", index == size - 1);
    members.put("length", size);
    members.put("depth", 1L);
    members.put("depth0", 0L);
    members.put("cycle", cycle);
    members.put(
        "previtem", index > 0 ? items.get(index - 1) : new Undefined("there is no previous item"));
    members.put(
        "nextitem",
        index + 1 < size ? items.get(index + 1) : new Undefined("there is no next item"));
    return new Namespace(members);
  }
}
