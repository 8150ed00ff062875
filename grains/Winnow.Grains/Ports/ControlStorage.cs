namespace Winnow.Grains.Ports;

/// <summary>The grain storage of control states: who has one names it in <c>[PersistentState]</c>, and the host registers it.</summary>
public static class ControlStorage
{
    public const string Name = "control";
}
