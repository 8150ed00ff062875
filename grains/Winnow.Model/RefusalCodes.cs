namespace Winnow.Model;

/// <summary>
/// Names of refusals that a program may want to tell from others: the member <c>code</c> of a problem response. They are a contract: a name
/// keeps its meaning, and others may be added.
/// </summary>
public static class RefusalCodes
{
    /// <summary>The caller holds as many review tasks as one person may. 409.</summary>
    public const string TasksHeld = "tasks-held";

    /// <summary>The operation id is another caller's, or belongs to a request of other content. 409.</summary>
    public const string OperationConflict = "operation-conflict";

    /// <summary>Another version of the label schema is the newest by now than the one that was to be changed. 409.</summary>
    public const string SchemaChanged = "schema-changed";
}
