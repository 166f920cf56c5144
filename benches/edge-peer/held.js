// The Worker with its intakes' alarms set an hour later, so that what is measured ends at the acknowledgement. Setting them still counts.
import people, { Guard, Intake as Base, Person } from "./worker.js";

export { Guard, Person };
export class Intake extends Base {
  constructor(state, env) {
    const { storage } = state;
    const set = storage.setAlarm.bind(storage);
    storage.setAlarm = () => set(Date.now() + 3_600_000);
    super(state, env);
  }
}
export default people;
